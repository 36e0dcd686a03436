import { formatMillis } from "../../src/console/page/ui/format.ts"
import type { Span as Recorded } from "../traces/Span.ts"
import { fitted } from "./terminal.ts"

type Span = Pick<Recorded, "spanId" | "parentSpanId" | "name" | "start" | "end">

interface Line {
  readonly name: string
  readonly start: number
  readonly end: number
  /** SQL statements that ran directly in it. */
  readonly statements: number
}

/** Of the duration and the number of statements, with what is around the bar. */
const rightWidth = " ││ ".length + 8 + "  99 SQL".length
const narrowestBar = 16

/** SQL statements are counted on their parent's line, not shown as lines. */
const isSql = ({ name }: Span): boolean => name.startsWith("sql.")
const isStatement = ({ name }: Span): boolean => name === "sql.execute"

/** Zero-length spans around Restate's attempts; their children move up. */
const isMoment = ({ name }: Span): boolean => /^(ingress|invocation-start|invocation-end) /.test(name)

/** Prefixes that are the same on every line. */
const shortName = (name: string): string => name.replace("hydra.v1.", "").replace("/{key}/", "/")

/** Depth first, siblings by start time. A span whose parent is not in the trace (the caller's own) is a root. */
const linesOf = (spans: ReadonlyArray<Span>): ReadonlyArray<Line> => {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const children = Map.groupBy(spans, ({ parentSpanId }) => (known.has(parentSpanId) ? parentSpanId : ""))
  const childrenOf = (spanId: string) => (children.get(spanId) ?? []).toSorted((a, b) => a.start - b.start)
  const statementsBelow = (spanId: string): number =>
    childrenOf(spanId)
      .filter(isSql)
      .reduce((sum, child) => sum + (isStatement(child) ? 1 : 0) + statementsBelow(child.spanId), 0)
  const lineOf = ({ end, name, spanId, start }: Span, indent: string): Line => ({
    name: indent + shortName(name),
    start,
    end,
    statements: statementsBelow(spanId)
  })
  const below = (parent: string, indent: string): ReadonlyArray<Line> =>
    childrenOf(parent)
      .filter((span) => !isSql(span))
      .flatMap((span) =>
        isMoment(span) ? below(span.spanId, indent) : [lineOf(span, indent), ...below(span.spanId, `${indent}  `)]
      )
  return below("", "")
}

/**
 * Renders a trace as text of at most `width` columns: one line per span, nested by parent, with a bar of its start and duration.
 * The bar takes the room that the names leave; long names are shortened.
 */
export const waterfall = (spans: ReadonlyArray<Span>, width: number): ReadonlyArray<string> => {
  const lines = linesOf(spans)
  const begin = Math.min(...lines.map(({ start }) => start))
  const total = Math.max(...lines.map(({ end }) => end)) - begin || 1
  const longestName = Math.max(...lines.map(({ name }) => name.length))
  const nameWidth = Math.min(longestName, width - rightWidth - narrowestBar)
  const barWidth = width - rightWidth - nameWidth
  const column = (time: number) => Math.round(((time - begin) / total) * barWidth)
  return lines.map(({ end, name, start, statements }) => {
    const from = Math.min(column(start), barWidth - 1)
    const to = Math.max(column(end), from + 1)
    const bar = " ".repeat(from) + "█".repeat(to - from) + " ".repeat(barWidth - to)
    const sql = statements === 0 ? "" : `  ${statements} SQL`
    return `${fitted(name, nameWidth).padEnd(nameWidth)} │${bar}│ ${formatMillis(end - start).padStart(8)}${sql}`
  })
}
