/** Park and Miller's generator: small, seeded, good enough to shuffle. */
export const generator = (seed: number): (() => number) => {
  let state = (seed % 2147483646) + 1
  return () => {
    state = (state * 16807) % 2147483647
    return state / 2147483647
  }
}
