import { formatMillis } from "../../src/console/page/ui/format.ts"

/** The label of a moment on the time axis, whose labels are `step` milliseconds apart. */
export const formatTick = (millis: number, step: number): string => {
  if (millis === 0) return "0"
  if (step < 1000 && millis < 1000) return `${Number(millis.toFixed(3))} ms`
  if (millis < 60_000) return `${Number((millis / 1000).toFixed(3))} s`
  return formatMillis(millis)
}
