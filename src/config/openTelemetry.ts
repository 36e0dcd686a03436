import { Config, Either, Option, Redacted } from "effect"
import { fullUrl, httpUrl } from "./httpAddresses.ts"
import { flag, integer, oneOf, text } from "./kinds.ts"
import { type Given, isGiven, type Kind, namedConfig, optional, redacted, withDefault } from "./Setting.ts"

/** Where spans go. `headers` usually carry the collector's credentials. */
export interface OtlpTraces {
  readonly url: string
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
  readonly encoding: "protobuf" | "json"
  readonly exportEveryMillis: number
  readonly batchSize: number
}

/** Settings from the standard OTEL_ variables. Without an endpoint there is no export. */
export interface OpenTelemetry {
  readonly traces: Option.Option<OtlpTraces>
  readonly serviceName: Option.Option<string>
  readonly resourceAttributes: Readonly<Record<string, string>>
}

/** `key=value,key=value` with percent-encoded values, the form of OTEL_RESOURCE_ATTRIBUTES and of the header variables. */
const pairs: Kind<Readonly<Record<string, string>>> = {
  native: "string",
  accepts: "key=value pairs, separated by commas, with percent-encoded values",
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

const protocol = oneOf("http/protobuf", "http/json")
const exporter = oneOf("otlp", "none")

const isExported = (given: Given): boolean =>
  given.get("OTEL_SDK_DISABLED") !== "true" && given.get("OTEL_TRACES_EXPORTER") !== "none"

const hasHeaders = (given: Given): boolean =>
  isGiven(given, "OTEL_EXPORTER_OTLP_TRACES_HEADERS") || isGiven(given, "OTEL_EXPORTER_OTLP_HEADERS")

const credentials = "the headers, which usually hold the collector's credentials"
const collector = {
  secret: credentials,
  when: (given: Given) =>
    isExported(given) && hasHeaders(given) && !isGiven(given, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
}
const tracesCollector = { secret: credentials, when: (given: Given) => isExported(given) && hasHeaders(given) }

/** The supported standard variables; others have no effect. Environment only. */
export const openTelemetryVariables = {
  OTEL_SDK_DISABLED: withDefault(flag, false, "Disables tracing, regardless of all other variables."),
  OTEL_TRACES_EXPORTER: optional(exporter, "`none` disables the export."),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    httpUrl(collector),
    "The address of the collector. Spans go to `/v1/traces` below it. Without an endpoint, nothing is traced."
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(
    fullUrl(tracesCollector),
    "The full address for spans. Overrides the general endpoint."
  ),
  OTEL_EXPORTER_OTLP_HEADERS: optional(redacted(pairs), "Headers of each export, such as the collector's credentials."),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: optional(redacted(pairs), "The headers for spans. Override the general headers."),
  OTEL_EXPORTER_OTLP_PROTOCOL: optional(protocol, "The encoding of spans. Default: `http/protobuf`."),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: optional(protocol, "The encoding for spans. Overrides the general one."),
  OTEL_BSP_SCHEDULE_DELAY: optional(
    integer({ min: 1, max: 3_600_000 }),
    "Milliseconds between two exports. Default: 5000, as in the specification."
  ),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: optional(
    integer({ min: 1, max: 10_000 }),
    "The maximum number of spans in one export. Default: 512, as in the specification."
  ),
  OTEL_SERVICE_NAME: optional(text, "The `service.name` of the resource. Default: `worker`."),
  OTEL_RESOURCE_ATTRIBUTES: optional(
    pairs,
    "Further attributes of the resource. They override the attributes that the worker sets."
  )
}

const variables = namedConfig(openTelemetryVariables)

type Variables = Config.Config.Success<typeof variables>

/** A traces endpoint is used as it is; the general one is a base to which the signal's path is added. */
const tracesUrl = (read: Variables): Option.Option<string> =>
  read.OTEL_SDK_DISABLED || Option.contains(read.OTEL_TRACES_EXPORTER, "none")
    ? Option.none()
    : Option.orElse(read.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, () =>
        Option.map(read.OTEL_EXPORTER_OTLP_ENDPOINT, (base) => `${base.replace(/\/+$/, "")}/v1/traces`)
      )

export const openTelemetry: Config.Config<OpenTelemetry> = Config.map(variables, (read) => ({
  traces: Option.map(tracesUrl(read), (url) => ({
    url,
    headers: Option.getOrElse(
      Option.orElse(read.OTEL_EXPORTER_OTLP_TRACES_HEADERS, () => read.OTEL_EXPORTER_OTLP_HEADERS),
      () => Redacted.make({})
    ),
    encoding: Option.contains(
      Option.orElse(read.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, () => read.OTEL_EXPORTER_OTLP_PROTOCOL),
      "http/json"
    )
      ? "json"
      : "protobuf",
    exportEveryMillis: Option.getOrElse(read.OTEL_BSP_SCHEDULE_DELAY, () => 5_000),
    batchSize: Option.getOrElse(read.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, () => 512)
  })),
  serviceName: read.OTEL_SERVICE_NAME,
  resourceAttributes: Option.getOrElse(read.OTEL_RESOURCE_ATTRIBUTES, () => ({}))
}))
