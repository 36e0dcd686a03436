import { Config, Either, Option, Redacted } from "effect"
import { flag, httpUrl, integer, matching, text } from "./kinds.ts"
import { type Kind, optional, redacted, withDefault } from "./Setting.ts"

/** Where spans go. `headers` usually carry the collector's credentials. */
export interface OtlpTraces {
  readonly url: string
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
  readonly encoding: "protobuf" | "json"
  readonly exportEveryMillis: number
  readonly batchSize: number
}

/** What the standard OTEL_ variables say. Without an endpoint there is no export. */
export interface OpenTelemetry {
  readonly traces: Option.Option<OtlpTraces>
  readonly serviceName: Option.Option<string>
  readonly resourceAttributes: Readonly<Record<string, string>>
}

/** `key=value,key=value` with percent-encoded values, the form of OTEL_RESOURCE_ATTRIBUTES and of the header variables. */
const pairs: Kind<Readonly<Record<string, string>>> = {
  native: "string",
  decode: (value) =>
    Either.try({
      try: () =>
        Object.fromEntries(
          value
            .split(",")
            .map((pair) => pair.trim())
            .filter((pair) => pair.includes("="))
            .map((pair) => {
              const at = pair.indexOf("=")
              return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]
            })
        ),
      catch: () => "expected key=value pairs, separated by commas, with percent-encoded values"
    })
}

const protocol = matching(/^http\/(protobuf|json)$/, "http/protobuf or http/json")
const exporter = matching(/^(otlp|none)$/, "otlp or none")

const variables = Config.all({
  disabled: withDefault(flag, false).config("OTEL_SDK_DISABLED"),
  exporter: optional(exporter).config("OTEL_TRACES_EXPORTER"),
  endpoint: optional(httpUrl).config("OTEL_EXPORTER_OTLP_ENDPOINT"),
  tracesEndpoint: optional(httpUrl).config("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
  headers: optional(redacted(pairs)).config("OTEL_EXPORTER_OTLP_HEADERS"),
  tracesHeaders: optional(redacted(pairs)).config("OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
  protocol: optional(protocol).config("OTEL_EXPORTER_OTLP_PROTOCOL"),
  tracesProtocol: optional(protocol).config("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"),
  // The defaults of the specification's batch span processor.
  scheduleDelay: optional(integer({ min: 1, max: 3_600_000 })).config("OTEL_BSP_SCHEDULE_DELAY"),
  batchSize: optional(integer({ min: 1, max: 10_000 })).config("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
  serviceName: optional(text).config("OTEL_SERVICE_NAME"),
  resourceAttributes: optional(pairs).config("OTEL_RESOURCE_ATTRIBUTES")
})

type Variables = Config.Config.Success<typeof variables>

/** A traces endpoint is used as it is; the general one is a base to which the signal's path is added. */
const tracesUrl = (read: Variables): Option.Option<string> =>
  read.disabled || Option.contains(read.exporter, "none")
    ? Option.none()
    : Option.orElse(read.tracesEndpoint, () =>
        Option.map(read.endpoint, (base) => `${base.replace(/\/+$/, "")}/v1/traces`)
      )

export const openTelemetry: Config.Config<OpenTelemetry> = Config.map(variables, (read) => ({
  traces: Option.map(tracesUrl(read), (url) => ({
    url,
    headers: Option.getOrElse(
      Option.orElse(read.tracesHeaders, () => read.headers),
      () => Redacted.make({})
    ),
    encoding: Option.contains(
      Option.orElse(read.tracesProtocol, () => read.protocol),
      "http/json"
    )
      ? "json"
      : "protobuf",
    exportEveryMillis: Option.getOrElse(read.scheduleDelay, () => 5_000),
    batchSize: Option.getOrElse(read.batchSize, () => 512)
  })),
  serviceName: read.serviceName,
  resourceAttributes: Option.getOrElse(read.resourceAttributes, () => ({}))
}))
