/** Hues apart from the red of failures. */
const hues = [212, 152, 268, 32, 186, 322, 96, 240, 52, 290]

/** Assigns each service a hue, in the order in which services come. */
export const hueOf = (() => {
  const known = new Map<string, number>()
  return (service: string): number => {
    const index = known.get(service) ?? known.size
    known.set(service, index)
    return hues[index % hues.length] ?? 0
  }
})()

/** For the custom property that the style sheet makes a service's colors of. */
export const hueStyle = (service: string) => ({ "--hue": String(hueOf(service)) })
