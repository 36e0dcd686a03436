import { formatMoment } from "./format.ts"

/** The furthest times from 1970 that a Date can hold: a row may have any. */
const furthest = 8_640_000_000_000_000

/** A point in time in the reader's zone, given as ISO 8601 or Unix milliseconds. Its title is ISO 8601 in UTC. */
export const Moment = ({ at }: { readonly at: string | number | null }) => {
  const millis = at === null ? Number.NaN : typeof at === "number" ? at : Date.parse(at)
  if (!(Math.abs(millis) <= furthest)) return <span class="dim">–</span>
  const iso = new Date(millis).toISOString()
  return (
    <time dateTime={iso} title={iso}>
      {formatMoment(millis)}
    </time>
  )
}
