/** A duration with two or three significant digits. */
export const formatMillis = (millis: number): string => {
  const whole = Math.round(millis)
  if (whole < 10) return `${millis.toFixed(1)} ms`
  if (whole < 1000) return `${whole} ms`
  if (whole < 59_995) return `${(millis / 1000).toFixed(2)} s`
  const seconds = Math.round(millis / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

const zoned = (options: Intl.DateTimeFormatOptions, unixMillis: number, timeZone: string | undefined): string =>
  new Intl.DateTimeFormat("en-GB", { ...options, ...(timeZone === undefined ? {} : { timeZone }) }).format(unixMillis)

/** Date and time of day with the zone; in the reader's zone by default. */
export const formatMoment = (unixMillis: number, timeZone?: string): string =>
  zoned(
    {
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      timeZoneName: "short"
    },
    unixMillis,
    timeZone
  )

/** Time of day to the millisecond; in the reader's zone by default. */
export const formatClock = (unixMillis: number, timeZone?: string): string =>
  zoned({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }, unixMillis, timeZone)
