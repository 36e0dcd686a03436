import type { AnyValue, ExportTraceServiceRequest, KeyValue, OtlpSpan } from "./Otlp.ts"

/** Name and value, for a person to read. */
export type Attribute = readonly [name: string, value: string]

export interface SpanEvent {
  readonly name: string
  /** Unix milliseconds, to the microsecond. */
  readonly at: number
  readonly attributes: ReadonlyArray<Attribute>
}

/** One finished span. Times are Unix milliseconds, to the microsecond. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string
  readonly name: string
  /** `service.name` of the program that made it. */
  readonly program: string
  readonly start: number
  readonly end: number
  readonly attributes: ReadonlyArray<Attribute>
  /** What is true of the whole program. */
  readonly resource: ReadonlyArray<Attribute>
  readonly events: ReadonlyArray<SpanEvent>
  /** Ids of traces it follows from without being nested in them. */
  readonly links: ReadonlyArray<string>
  /** Why it failed; empty when no reason was given. Absent when it did not fail. */
  readonly error?: string
}

/** STATUS_CODE_ERROR of opentelemetry.proto.trace.v1. */
const failed = 2

const millis = (nanos: string | undefined): number => Number(BigInt(nanos ?? 0) / 1000n) / 1000

const text = (value: AnyValue | undefined): string => {
  if (value === undefined) return ""
  if (value.arrayValue !== undefined) return `[${(value.arrayValue.values ?? []).map(text).join(", ")}]`
  if (value.kvlistValue !== undefined) {
    return `{${(value.kvlistValue.values ?? []).map((pair) => `${pair.key}: ${text(pair.value)}`).join(", ")}}`
  }
  const plain = value.stringValue ?? value.boolValue ?? value.intValue ?? value.doubleValue ?? value.bytesValue
  return plain === undefined ? "" : String(plain)
}

const readAttributes = (pairs: ReadonlyArray<KeyValue> = []): ReadonlyArray<Attribute> =>
  pairs.map(({ key, value }) => [key, text(value)])

/** The value of an attribute; undefined when there is none of that name. */
export const attribute = (attributes: ReadonlyArray<Attribute>, name: string): string | undefined =>
  attributes.find(([own]) => own === name)?.[1]

const readSpan = (span: OtlpSpan, resource: ReadonlyArray<Attribute>): Span => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId ?? "",
  name: span.name ?? "",
  program: attribute(resource, "service.name") ?? "unknown",
  start: millis(span.startTimeUnixNano),
  end: millis(span.endTimeUnixNano),
  attributes: readAttributes(span.attributes),
  resource,
  events: (span.events ?? []).map(({ attributes, name = "", timeUnixNano }) => ({
    name,
    at: millis(timeUnixNano),
    attributes: readAttributes(attributes)
  })),
  links: (span.links ?? []).map(({ traceId }) => traceId),
  ...(span.status?.code === failed ? { error: span.status.message ?? "" } : {})
})

/** The spans of an export request, in its order. */
export const spansOf = ({ resourceSpans }: ExportTraceServiceRequest): ReadonlyArray<Span> =>
  resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const attributes = readAttributes(resource?.attributes)
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => readSpan(span, attributes)))
  })
