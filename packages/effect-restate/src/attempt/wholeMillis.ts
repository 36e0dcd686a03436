import { Duration } from "effect"

/** A hundred years: what has no end is as good as this, and Restate can hold it. */
const longest = 100 * 365 * 86_400_000

/** A duration as Restate takes it: whole milliseconds, never fewer than asked for, and at most a hundred years. */
export const wholeMillis = (duration: Duration.DurationInput): number =>
  Math.min(Math.ceil(Duration.toMillis(duration)), longest)
