import { isoTime } from "../text/isoTime.ts"

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000]
] as const

/** The two largest units: `3d 4h`, `12s`. Never negative, even if the clock lags behind Restate's. */
export const ageOf = (millis: number): string => {
  let rest = Math.max(0, millis)
  const parts = units.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return [{ text: `${count}${unit}`, count }]
  })
  const first = parts.findIndex(({ count }) => count > 0)
  if (first === -1) return "0s"
  return parts
    .slice(first, first + 2)
    .filter(({ count }) => count > 0)
    .map(({ text }) => text)
    .join(" ")
}

/** As `ageOf`, with milliseconds below a second. */
export const durationOf = (millis: number): string =>
  millis < 1000 ? `${Math.max(0, Math.round(millis))}ms` : ageOf(millis)

/** `2026-12-01 10:31:02 (in 13m 16s)`, in UTC. */
export const momentOf = (millis: number, now: number): string => {
  const at = isoTime(millis)
    .replace(/\.\d+Z$/, "")
    .replace("T", " ")
  return millis >= now ? `${at} (in ${ageOf(millis - now)})` : `${at} (${ageOf(now - millis)} ago)`
}
