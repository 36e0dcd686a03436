/** The JSON of a value as the array of numbers in which the proxy is told it. */
export const bytesOf = (value: unknown): ReadonlyArray<number> => [...new TextEncoder().encode(JSON.stringify(value))]

export const readBytes = (bytes: unknown): unknown =>
  JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes as ReadonlyArray<number>)))
