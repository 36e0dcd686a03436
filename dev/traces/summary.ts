import { keyOf, kindOf, labelOf, serviceOf } from "./names.ts"
import type { Span } from "./Span.ts"

/** A line of the list of traces. Times are Unix milliseconds. */
export interface TraceSummary {
  readonly traceId: string
  readonly name: string
  /** Restate service of the first invocation; otherwise the program that made the trace. */
  readonly service: string
  readonly key: string
  readonly start: number
  readonly end: number
  readonly spans: number
  readonly errors: number
  /** Spans that were not kept, because the trace alone reached the collector's limit. */
  readonly dropped: number
  /** Traces whose invocations sent this one off: Restate links a one-way call, it does not nest it. */
  readonly sentBy: ReadonlyArray<string>
}

const earliest = (spans: ReadonlyArray<Span>): Span | undefined =>
  spans.reduce<Span | undefined>(
    (first, span) => (first === undefined || span.start < first.start ? span : first),
    undefined
  )

/** The first invocation says what a trace is about; Restate's markers around it say it less well. */
const subjectOf = (spans: ReadonlyArray<Span>): Span | undefined =>
  earliest(spans.filter((span) => kindOf(span) === "invocation")) ?? earliest(spans)

/** Of a trace's spans in any order; undefined when there are none. */
export const summarize = (spans: ReadonlyArray<Span>, dropped: number): TraceSummary | undefined => {
  const subject = subjectOf(spans)
  if (subject === undefined) return undefined
  return {
    traceId: subject.traceId,
    name: labelOf(subject),
    service: serviceOf(subject) ?? subject.program,
    key: keyOf(subject),
    start: spans.reduce((least, { start }) => Math.min(least, start), subject.start),
    end: spans.reduce((most, { end }) => Math.max(most, end), subject.end),
    spans: spans.length,
    errors: spans.filter(({ error }) => error !== undefined).length,
    dropped,
    sentBy: [...new Set(spans.flatMap(({ links }) => links))].filter((traceId) => traceId !== subject.traceId)
  }
}

export interface TraceFilter {
  /** Every word must occur in the name, the key or the id; case does not matter. */
  readonly text: string
  /** Empty for all. */
  readonly service: string
  readonly errorsOnly: boolean
}

export const matches = ({ errorsOnly, service, text }: TraceFilter, trace: TraceSummary): boolean => {
  const words = `${trace.name} ${trace.service} ${trace.key} ${trace.traceId}`.toLowerCase()
  const wanted = text.toLowerCase().split(/\s+/)
  return (
    wanted.every((word) => words.includes(word)) &&
    (service === "" || trace.service === service) &&
    (!errorsOnly || trace.errors > 0)
  )
}

export interface TraceGroup {
  /** The newest of the run. */
  readonly newest: TraceSummary
  /** All of the run, newest first. */
  readonly traces: ReadonlyArray<TraceSummary>
}

/** Neighbours that ask the same of the same key, such as a caller who polls, become one line. One with errors stands alone. */
export const groupRepeats = (traces: ReadonlyArray<TraceSummary>): ReadonlyArray<TraceGroup> => {
  const groups: Array<{ readonly newest: TraceSummary; readonly traces: Array<TraceSummary> }> = []
  for (const trace of traces) {
    const last = groups.at(-1)
    const same =
      last !== undefined &&
      last.newest.name === trace.name &&
      last.newest.key === trace.key &&
      last.newest.errors + trace.errors === 0
    if (same) last.traces.push(trace)
    else groups.push({ newest: trace, traces: [trace] })
  }
  return groups
}
