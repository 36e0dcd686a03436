import type { AnyValue, KeyValue } from "@effect/opentelemetry/OtlpResource"

interface ExportedSpan {
  readonly attributes: ReadonlyArray<KeyValue>
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: ReadonlyArray<KeyValue> }>
  readonly links: ReadonlyArray<{ readonly attributes: ReadonlyArray<KeyValue> }>
  readonly status: { readonly code: number; readonly message?: string }
}

/** The part of the exporter's data that is used here. */
export interface ExportedTraces {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<ExportedSpan> }>
  }>
}

/** STATUS_CODE_ERROR of opentelemetry.proto.trace.v1. */
const failed = 2

/** The exporter sets these on every failed span, and not on interrupted ones. */
const misleading: ReadonlySet<string> = new Set(["span.label", "status.interrupted"])

/** The exporter encodes only these integers correctly as varints: any other makes the whole request unreadable. */
const isEncodable = (integer: number) => integer >= 0 && Number.isSafeInteger(integer)

const readableValue = (value: AnyValue): AnyValue => {
  const { arrayValue, intValue, kvlistValue } = value
  if (typeof intValue === "number") return isEncodable(intValue) ? value : { doubleValue: intValue }
  if (arrayValue !== undefined) return { arrayValue: { values: arrayValue.values.map(readableValue) } }
  if (kvlistValue !== undefined) return { kvlistValue: { values: readable(kvlistValue.values) } }
  return value
}

const readable = (pairs: ReadonlyArray<KeyValue>): Array<KeyValue> =>
  pairs.map(({ key, value }) => ({ key, value: readableValue(value) }))

const textOf = (pairs: ReadonlyArray<KeyValue>, key: string): string | undefined =>
  pairs.find((pair) => pair.key === key)?.value.stringValue ?? undefined

const withReadableNumbers = (span: ExportedSpan): ExportedSpan => ({
  ...span,
  attributes: readable(span.attributes),
  events: span.events.map((event) => ({ ...event, attributes: readable(event.attributes) })),
  links: span.links.map((link) => ({ ...link, attributes: readable(link.attributes) }))
})

/** Records only the error type of a span, not its message, causes or stack, which may quote a secret: the log has those. */
const withErrorType = (span: ExportedSpan): ExportedSpan => {
  const { attributes, events, status } = span
  if (status.code !== failed) return span
  const thrown = events.filter(({ name }) => name === "exception").at(-1)
  const type = textOf(attributes, "error.type") ?? textOf(thrown?.attributes ?? [], "exception.type") ?? "_OTHER"
  const others = attributes.filter(({ key }) => key !== "error.type" && !misleading.has(key))
  return {
    ...span,
    attributes: [...others, { key: "error.type", value: { stringValue: type } }],
    events: events.map((event) =>
      event === thrown ? { ...event, attributes: [{ key: "exception.type", value: { stringValue: type } }] } : event
    ),
    status: { code: failed, message: type }
  }
}

/**
 * Removes values that a collector could not decode, and formats failures by OpenTelemetry's semantic conventions: `error.type`
 * and the status description are the tag or class of the error.
 */
export const readableSpans = (data: ExportedTraces): ExportedTraces => ({
  ...data,
  resourceSpans: data.resourceSpans.map((resource) => ({
    ...resource,
    scopeSpans: resource.scopeSpans.map((scope) => ({
      ...scope,
      spans: scope.spans.map((span) => withErrorType(withReadableNumbers(span)))
    }))
  }))
})
