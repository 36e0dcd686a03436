import type { SpanNode } from "./tree.ts"

/** Of time, in Unix milliseconds. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/** The shortest interval that holds all of them. */
export const windowOf = (intervals: ReadonlyArray<Interval>): Interval => ({
  start: intervals.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY),
  end: intervals.reduce((most, { end }) => Math.max(most, end), Number.NEGATIVE_INFINITY)
})

/** What of `whole` none of the parts covers, in order. */
export const gapsOf = (whole: Interval, parts: ReadonlyArray<Interval>): ReadonlyArray<Interval> => {
  const gaps: Array<Interval> = []
  let reached = whole.start
  for (const { end, start } of parts.toSorted((a, b) => a.start - b.start)) {
    const until = Math.min(start, whole.end)
    if (until > reached) gaps.push({ start: reached, end: until })
    reached = Math.max(reached, end)
  }
  if (reached < whole.end) gaps.push({ start: reached, end: whole.end })
  return gaps
}

export interface Bar extends Interval {
  /** Nothing ran: a durable timer, a call that was waited for, a queue, or a suspension between two attempts. */
  readonly waits: ReadonlyArray<Interval>
}

const within = ({ children }: SpanNode, kinds: ReadonlyArray<SpanNode["kind"]>): ReadonlyArray<Interval> =>
  children.filter(({ kind }) => kinds.includes(kind)).map(({ span }) => span)

/** What a handler ran by itself: a call runs elsewhere. */
const worked = (children: ReadonlyArray<SpanNode>): ReadonlyArray<Interval> =>
  children.flatMap((node) => {
    if (node.kind === "invocation" || node.kind === "wait") return []
    return node.kind === "repeat" ? worked(node.children) : [node.span]
  })

/**
 * Where a row's bar lies. Restate ends an invocation's span with its first attempt; its bar lasts until the last one,
 * and waits wherever none runs. A handler waits wherever none of its steps does.
 */
export const barOf = (node: SpanNode): Bar => {
  const own = { start: node.span.start, end: Math.max(node.span.start, node.span.end) }
  switch (node.kind) {
    case "invocation": {
      const attempts = within(node, ["attempt", "handler"])
      const whole = windowOf([own, ...attempts])
      return { ...whole, waits: attempts.length === 0 ? [] : gapsOf(whole, attempts) }
    }
    case "handler":
    case "repeat":
      return { ...own, waits: node.children.length === 0 ? [] : gapsOf(own, worked(node.children)) }
    case "wait":
      return { ...own, waits: [own] }
    default:
      return { ...own, waits: [] }
  }
}

/** Left edge and width in per cent of the axis; never outside of it. */
export const placeOf = (
  axis: Interval,
  { end, start }: Interval
): { readonly left: number; readonly width: number } => {
  const total = axis.end - axis.start
  if (total <= 0) return { left: 0, width: 100 }
  const clamp = (time: number) => Math.min(Math.max(((time - axis.start) / total) * 100, 0), 100)
  return { left: clamp(start), width: clamp(end) - clamp(start) }
}

/** Round moments from 0 to `total` milliseconds, at most `most` steps apart evenly by 1, 2 or 5 times a power of ten. */
export const ticksOf = (total: number, most: number): ReadonlyArray<number> => {
  if (!(total > 0)) return [0]
  const power = 10 ** Math.floor(Math.log10(total / most))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => total / size <= most) ?? 10 * power
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, index) => index * step)
}
