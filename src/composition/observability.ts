import { createServer } from "node:http"
import type { HttpServerError } from "@effect/platform"
import { Effect, Layer, Logger } from "effect"
import { EndpointUnavailable } from "effect-restate/node"
import packageJson from "../../package.json" with { type: "json" }
import { exposedSecretEvent } from "../config/Setting.ts"
import { describeConfig, type WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { metricsServer } from "../http/metrics.ts"
import { PrometheusMetricsLive } from "../layers/metrics/PrometheusMetrics.ts"
import { type PrometheusRegistry, PrometheusRegistryLive } from "../layers/metrics/PrometheusRegistry.ts"
import { PrometheusWorkflowMetricsLive } from "../layers/metrics/PrometheusWorkflowMetrics.ts"
import { jsonLogger } from "../layers/telemetry/JsonLogger.ts"
import { TelemetryLive } from "../layers/telemetry/Telemetry.ts"
import type { Metrics } from "../services/Metrics.ts"
import type { WorkflowMetrics } from "../services/WorkflowMetrics.ts"
import { fromConfig } from "./fromConfig.ts"

const { version } = packageJson

/** JSON lines on standard output. A replay does not repeat a workflow's lines. */
const logger = ({ instanceId, observability, region }: WorkerConfigShape): Layer.Layer<never> =>
  Layer.mergeAll(
    Logger.replace(Logger.defaultLogger, Logger.withConsoleLog(jsonLogger)),
    Logger.minimumLogLevel(observability.logging.level),
    Layer.scopedDiscard(Effect.annotateLogsScoped({ instance_id: instanceId, ...(region === "" ? {} : { region }) }))
  )

/** The configuration, and a line for each secret that it exposes. */
const announce = (config: WorkerConfigShape) =>
  Effect.zipRight(
    Effect.logInfo("Starting", describeConfig(config)),
    Effect.forEach(config.exposed, (exposed) => Effect.logWarning(exposedSecretEvent, exposed), { discard: true })
  )

/** The logger. Its first line is the configuration. */
export const Logging: Layer.Layer<never, never, WorkerConfig> = fromConfig((config) =>
  Layer.effectDiscard(announce(config)).pipe(Layer.provideMerge(logger(config)))
)

/** Exports spans as the OTEL_ variables say; without them nothing is traced. */
export const Tracing: Layer.Layer<never, never, WorkerConfig> = fromConfig(
  ({ instanceId, observability, openTelemetry, region }) =>
    TelemetryLive({ ...openTelemetry, sampleRate: observability.tracing.sampleRate, version, instanceId, region })
)

/** What `GET /metrics` shows, and the services that record it. */
export const Prometheus: Layer.Layer<Metrics | PrometheusRegistry | WorkflowMetrics> = Layer.merge(
  PrometheusMetricsLive,
  PrometheusWorkflowMetricsLive({ version })
).pipe(Layer.provideMerge(PrometheusRegistryLive))

export const errorCode = ({ cause }: HttpServerError.ServeError): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)

/** GET /metrics on its own port, if configured. */
export const MetricsServer: Layer.Layer<never, EndpointUnavailable, WorkerConfig | WorkflowMetrics> = fromConfig(
  ({ observability }) => {
    const { host, prometheusPort: port } = observability.metrics
    return Layer.mapError(
      metricsServer(createServer, { host, port }),
      (error) => new EndpointUnavailable({ host, port, code: errorCode(error) })
    )
  }
)
