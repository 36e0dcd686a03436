import { createServer } from "node:http"
import { Context, Effect, Layer } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"

/** An OTLP endpoint that keeps what it is sent as it came: texts in protobuf are readable as they are. */
export class SpanSink extends Context.Tag("test/e2e/SpanSink")<
  SpanSink,
  { readonly endpoint: string; readonly exports: ReadonlyArray<string> }
>() {}

export const spanSink = Layer.scoped(
  SpanSink,
  Effect.gen(function* () {
    const exports: Array<string> = []
    const server = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        exports.push(Buffer.concat(chunks).toString("latin1"))
        response.end()
      })
    })
    return { endpoint: `http://127.0.0.1:${yield* onLoopback(server)}`, exports }
  })
)

/** A worker's settings that have it tell this endpoint of every span, soon. */
export const tracingTo = (endpoint: string) => ({
  WORKER_OBSERVABILITY_TRACING_SAMPLE_RATE: "1",
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  OTEL_BSP_SCHEDULE_DELAY: "200"
})
