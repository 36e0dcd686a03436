import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as OtlpTracer from "@effect/opentelemetry/OtlpTracer"
import { ConfigProvider, Context, Duration, Effect, Layer, Option, Redacted, Tracer } from "effect"
import { outboundHttpClient } from "../outbound/asHttpClient.ts"
import { collector } from "../outbound/bounds.ts"
import { type ExportedTraces, readableSpans } from "./readableSpans.ts"

export interface TelemetryOptions {
  /** The OTLP/HTTP collector. None disables tracing. */
  readonly traces: Option.Option<{
    readonly url: string
    readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
    readonly encoding: "protobuf" | "json"
    readonly exportEveryMillis: number
    readonly batchSize: number
  }>
  /** At least 1 keeps every trace, at most 0 none. */
  readonly sampleRate: number
  readonly version: string
  readonly instanceId: string
  /** Empty when unknown. */
  readonly region: string
  /** From OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which override the worker's own values. */
  readonly serviceName: Option.Option<string>
  readonly resourceAttributes: Readonly<Record<string, string>>
}

// Part of the drain after SIGTERM. Spans not sent within this time are lost.
const flushTimeout = Duration.seconds(3)

const resourceOf = (options: TelemetryOptions) => {
  const { "service.name": attributeName, "service.version": attributeVersion, ...given } = options.resourceAttributes
  return {
    serviceName: Option.getOrElse(options.serviceName, () => attributeName ?? "worker"),
    serviceVersion: attributeVersion ?? options.version,
    attributes: {
      "service.namespace": "unkey",
      "service.instance.id": options.instanceId,
      ...(options.region === "" ? {} : { "cloud.region": options.region }),
      ...given
    }
  }
}

/**
 * Whether a span is sampled. For rates between 0 and 1 the parent's decision applies to its whole trace; a new trace is decided
 * by its id alone, so that all processes decide alike.
 */
export const isSampled = (
  rate: number,
  parent: Option.Option<{ readonly sampled: boolean }>,
  traceId: string
): boolean => {
  if (rate >= 1) return true
  if (rate <= 0) return false
  // 52 bits are what a number holds exactly.
  return Option.match(parent, {
    onSome: ({ sampled }) => sampled,
    onNone: () => Number.parseInt(traceId.slice(-13), 16) / 2 ** 52 < rate
  })
}

/** Wraps a span as not sampled: its children see that, and it is never exported. */
const dropped = (span: Tracer.Span): Tracer.Span =>
  Object.create(span, { sampled: { value: false, enumerable: true }, end: { value: () => {} } })

/** The exporter's tracer samples all spans, so this wraps it. */
const sampling = (tracer: Tracer.Tracer, rate: number): Tracer.Tracer =>
  Tracer.make({
    span: (name, parent, context, links, startTime, kind, options) => {
      const span = tracer.span(name, parent, context, links, startTime, kind, options)
      return isSampled(rate, parent, span.traceId) ? span : dropped(span)
    },
    context: (run, fiber) => tracer.context(run, fiber)
  })

const serialization = (encoding: "protobuf" | "json") =>
  Layer.map(encoding === "json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf, (context) => {
    const encoder = Context.get(context, OtlpSerialization.OtlpSerialization)
    return Context.make(OtlpSerialization.OtlpSerialization, {
      ...encoder,
      // Only OtlpTracer calls this, with its TraceData, a type that the library does not export.
      traces: (data) => encoder.traces(readableSpans(data as ExportedTraces))
    })
  })

/** Exports spans to an OTLP collector; closing the layer flushes them. An unavailable collector does not affect the program. */
export const TelemetryLive = (options: TelemetryOptions): Layer.Layer<never> =>
  Option.match(options.traces, {
    onNone: () => Layer.empty,
    onSome: (traces) =>
      OtlpTracer.make({
        url: traces.url,
        headers: Redacted.value(traces.headers),
        exportInterval: Duration.millis(traces.exportEveryMillis),
        maxBatchSize: traces.batchSize,
        shutdownTimeout: flushTimeout,
        resource: resourceOf(options)
      }).pipe(
        // The exporter would read the OTEL_ variables again, with fewer checks.
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map())),
        Effect.map((tracer) => Layer.setTracer(sampling(tracer, options.sampleRate))),
        Layer.unwrapScoped,
        Layer.provide(Layer.merge(outboundHttpClient({ bounds: collector }), serialization(traces.encoding)))
      )
  })
