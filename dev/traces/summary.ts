import { keyOf, kindOf, labelOf, serviceOf } from "./names.ts"
import { attribute, type Span } from "./Span.ts"

/** `unknown`: the spans that would tell were not kept. */
export type TraceStatus = "running" | "completed" | "failed" | "unknown"

/** A line of the list of traces. Times are Unix milliseconds. */
export interface TraceSummary {
  readonly traceId: string
  readonly name: string
  /** Restate service of the first invocation; otherwise the program that made the trace. */
  readonly service: string
  readonly key: string
  readonly status: TraceStatus
  /** Whether an invocation of Restate is in it. */
  readonly isInvocation: boolean
  /** Ids of what it is about, such as a deployment or a domain. */
  readonly subjects: ReadonlyArray<string>
  readonly start: number
  readonly end: number
  readonly spans: number
  /** Failures that no failure within them explains. */
  readonly errors: number
  /** Spans that were not kept, because the trace alone reached the collector's limit. */
  readonly dropped: number
  /** Traces whose invocations sent this one: Restate links a one-way call, it does not nest it. */
  readonly sentBy: ReadonlyArray<string>
}

const earliest = (spans: ReadonlyArray<Span>): Span | undefined =>
  spans.reduce<Span | undefined>(
    (first, span) => (first === undefined || span.start < first.start ? span : first),
    undefined
  )

/** The first invocation says what a trace is about; Restate's markers around it say it less well. */
const subjectOf = (spans: ReadonlyArray<Span>): Span | undefined =>
  earliest(spans.filter((span) => kindOf(span) === "invocation")) ??
  earliest(spans.filter((span) => kindOf(span) === "handler")) ??
  earliest(spans)

const invocationOf = (span: Span): string | undefined => attribute(span.attributes, "restate.invocation.id")
const isEnd = (span: Span): boolean => span.name.startsWith("invocation-end ")

/** Restate ends an invocation with a marker, which tells whether it failed. */
const statusOf = (subject: Span, spans: ReadonlyArray<Span>, dropped: number): TraceStatus => {
  const invocation = invocationOf(subject)
  if (invocation === undefined || kindOf(subject) === "handler")
    return spans.some(({ error, parentSpanId }) => error !== undefined && parentSpanId === "") ||
      subject.error !== undefined
      ? "failed"
      : "completed"
  const end = spans.find((span) => isEnd(span) && invocationOf(span) === invocation)
  if (end === undefined) return dropped === 0 ? "running" : "unknown"
  return end.error === undefined ? "completed" : "failed"
}

/** A failure that goes up through its parents counts once, and so does one that Restate tells again at the end. */
const failuresOf = (spans: ReadonlyArray<Span>): number => {
  const failed = spans.filter(({ error }) => error !== undefined)
  const explained = new Set(failed.flatMap((span) => (isEnd(span) ? [] : [span.parentSpanId])))
  const told = new Set(failed.flatMap((span) => (isEnd(span) ? [] : [invocationOf(span)])))
  return failed.filter((span) => (isEnd(span) ? !told.has(invocationOf(span)) : !explained.has(span.spanId))).length
}

const subjectAttributes = ["deployment_id", "domain", "project_id", "build_id"]

const subjectsOf = (spans: ReadonlyArray<Span>): ReadonlyArray<string> => [
  ...new Set(spans.flatMap(({ attributes }) => subjectAttributes.flatMap((name) => attribute(attributes, name) ?? [])))
]

/** Of one trace's spans in any order; undefined when there are none. */
export const summarize = (spans: ReadonlyArray<Span>, dropped: number): TraceSummary | undefined => {
  const subject = subjectOf(spans)
  if (subject === undefined) return undefined
  return {
    traceId: subject.traceId,
    name: labelOf(subject),
    service: serviceOf(subject) ?? subject.program,
    key: keyOf(subject),
    status: statusOf(subject, spans, dropped),
    isInvocation: serviceOf(subject) !== undefined,
    subjects: subjectsOf(spans),
    start: spans.reduce((least, { start }) => Math.min(least, start), subject.start),
    end: spans.reduce((most, { end }) => Math.max(most, end), subject.end),
    spans: spans.length,
    errors: failuresOf(spans),
    dropped,
    sentBy: [...new Set(spans.flatMap(({ links }) => links))].filter((traceId) => traceId !== subject.traceId)
  }
}

export interface TraceFilter {
  /** Every word must occur in the name, the key, the ids or the subjects; case does not matter. */
  readonly text: string
  /** Empty for all. */
  readonly service: string
  /** Empty for all. `errors`: with a failed span, whatever became of the trace. */
  readonly status: string
  /** Also traces without an invocation, such as those of the worker's start. */
  readonly everything: boolean
}

export const matches = ({ everything, service, status, text }: TraceFilter, trace: TraceSummary): boolean => {
  const words = [trace.name, trace.service, trace.key, trace.traceId, ...trace.subjects].join(" ").toLowerCase()
  const wanted = text.toLowerCase().split(/\s+/)
  return (
    wanted.every((word) => words.includes(word)) &&
    (service === "" || trace.service === service) &&
    (status === "" || (status === "errors" ? trace.errors > 0 : trace.status === status)) &&
    (everything || trace.isInvocation)
  )
}

export interface TraceGroup {
  /** The newest of the run. */
  readonly newest: TraceSummary
  /** All of the run, newest first. */
  readonly traces: ReadonlyArray<TraceSummary>
}

/** Neighbors that request the same of the same key, such as a caller that polls, become one line. One that failed or runs stays alone. */
export const groupRepeats = (traces: ReadonlyArray<TraceSummary>): ReadonlyArray<TraceGroup> => {
  const groups: Array<{ readonly newest: TraceSummary; readonly traces: Array<TraceSummary> }> = []
  for (const trace of traces) {
    const last = groups.at(-1)
    const same =
      last !== undefined &&
      last.newest.name === trace.name &&
      last.newest.key === trace.key &&
      last.newest.errors + trace.errors === 0 &&
      last.newest.status === trace.status &&
      trace.status !== "running"
    if (same) last.traces.push(trace)
    else groups.push({ newest: trace, traces: [trace] })
  }
  return groups
}
