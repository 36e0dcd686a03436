/** The furthest times from 1970 that a Date can hold (ECMA-262, "Time Values and Time Range"). */
const furthest = 8_640_000_000_000_000

/** Unix milliseconds as ISO 8601 in UTC. Never fails: a time beyond what a Date can hold, as a row may have, is its nearest end. */
export const isoTime = (millis: number): string =>
  new Date(Math.min(furthest, Math.max(-furthest, millis))).toISOString()
