/** A length of time with two or three digits that matter. */
export const formatMillis = (millis: number): string => {
  const whole = Math.round(millis)
  if (whole < 10) return `${millis.toFixed(1)} ms`
  if (whole < 1000) return `${whole} ms`
  if (whole < 59_995) return `${(millis / 1000).toFixed(2)} s`
  const seconds = Math.round(millis / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Time of day to the millisecond; in the reader's zone unless told otherwise. */
export const formatClock = (unixMillis: number, timeZone?: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    ...(timeZone === undefined ? {} : { timeZone })
  }).format(unixMillis)

/** The label of a moment on the time axis, whose labels lie `step` milliseconds apart. */
export const formatTick = (millis: number, step: number): string => {
  if (millis === 0) return "0"
  if (step < 1000 && millis < 1000) return `${Number(millis.toFixed(3))} ms`
  if (millis < 60_000) return `${Number((millis / 1000).toFixed(3))} s`
  return formatMillis(millis)
}
