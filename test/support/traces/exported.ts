import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import { Effect } from "effect"
import type { ExportTraceServiceRequest, KeyValue, OtlpSpan } from "../../../dev/traces/Otlp.ts"

const attributesOf = (attributes: ReadonlyArray<KeyValue> = []) =>
  attributes.map(({ key, value }) => ({ key, value: { ...value } }))

/** Every field that the exporter writes, also where it is zero. */
const complete = (span: OtlpSpan) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  name: span.name ?? "",
  kind: span.kind ?? 0,
  startTimeUnixNano: span.startTimeUnixNano ?? "0",
  endTimeUnixNano: span.endTimeUnixNano ?? "0",
  attributes: attributesOf(span.attributes),
  droppedAttributesCount: 0,
  events: (span.events ?? []).map(({ attributes, name = "", timeUnixNano = "0" }) => ({
    timeUnixNano,
    name,
    attributes: attributesOf(attributes),
    droppedAttributesCount: 0
  })),
  droppedEventsCount: 0,
  status: { code: span.status?.code ?? 0, ...(span.status?.message ? { message: span.status.message } : {}) },
  links: (span.links ?? []).map(({ attributes, spanId, traceId }) => ({
    traceId,
    spanId,
    attributes: attributesOf(attributes),
    droppedAttributesCount: 0
  })),
  droppedLinksCount: 0
})

/** The request in protobuf, as the worker's own exporter writes it. */
export const exported = ({ resourceSpans }: ExportTraceServiceRequest): Effect.Effect<Uint8Array<ArrayBuffer>> =>
  Effect.map(OtlpSerialization.OtlpSerialization, ({ traces }) => {
    const body = traces({
      resourceSpans: resourceSpans.map(({ resource, scopeSpans = [] }) => ({
        resource: { attributes: attributesOf(resource?.attributes), droppedAttributesCount: 0 },
        scopeSpans: scopeSpans.map(({ scope, spans = [] }) => ({
          scope: { name: scope?.name ?? "" },
          spans: spans.map(complete)
        }))
      }))
    })
    return body._tag === "Uint8Array" ? new Uint8Array(body.body) : new Uint8Array()
  }).pipe(Effect.provide(OtlpSerialization.layerProtobuf))
