import type { RestateOptions } from "../stack/RestateProgram.ts"

/** Milliseconds between two exports of spans: the last trace should show at once. */
const exportInterval = "200"

/** A worker's settings for sending every trace to the collector at that address. */
export const workerTracing = (endpoint: string): Readonly<Record<string, string>> => ({
  WORKER_OBSERVABILITY_TRACING_SAMPLE_RATE: "1",
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  OTEL_BSP_SCHEDULE_DELAY: exportInterval
})

/** The same for Restate, which passes the caller's trace on from service to service only while it traces itself. */
export const restateTracing = (endpoint: string): RestateOptions => ({
  env: { RESTATE_TRACING_ENDPOINT: `otlp+${endpoint}/v1/traces`, OTEL_BSP_SCHEDULE_DELAY: exportInterval }
})
