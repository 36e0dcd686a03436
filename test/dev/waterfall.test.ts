import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readExport, type Span } from "../../dev/demo/otlp.ts"
import { waterfall } from "../../dev/demo/waterfall.ts"

const span = (name: string, spanId: string, parentSpanId: string, start: number, end: number): Span => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  name,
  spanId,
  parentSpanId,
  start,
  end
})

describe("the trace of the demo", () => {
  it("nests spans by their parents, in order of time, and counts statements instead of listing them", () => {
    const lines = waterfall([
      span("second", "b1", "a1", 60, 100),
      span("sql.execute", "c1", "b0", 10, 20),
      span("sql.transaction", "c2", "b0", 20, 40),
      span("sql.execute", "d1", "c2", 20, 30),
      span("first", "b0", "a1", 0, 50),
      span("hydra.v1.DeployService/Deploy", "a1", "a0", 0, 100),
      span("ingress hydra.v1.DeployService/{key}/Deploy", "a0", "unknown", 0, 0)
    ])
    assert.deepStrictEqual(
      lines.map((line) => line.replaceAll(/ +/g, " ")),
      [
        `DeployService/Deploy │${"█".repeat(40)}│ 100 ms`,
        ` first │${"█".repeat(20)} │ 50 ms 2 SQL`,
        ` second │ ${"█".repeat(16)}│ 40 ms`
      ]
    )
  })

  it.effect("is read from protobuf as the exporters write it", () =>
    Effect.gen(function* () {
      const serialization = yield* OtlpSerialization.OtlpSerialization
      const body = serialization.traces({
        resourceSpans: [
          {
            resource: { attributes: [], droppedAttributesCount: 0 },
            scopeSpans: [
              {
                scope: { name: "worker" },
                spans: [
                  {
                    traceId: "0af7651916cd43dd8448eb211c80319c",
                    spanId: "b7ad6b7169203331",
                    parentSpanId: "00f067aa0ba902b7",
                    name: "load-deployment",
                    kind: 1,
                    startTimeUnixNano: "1700000000000001000",
                    endTimeUnixNano: "1700000000002500000",
                    attributes: [],
                    droppedAttributesCount: 0,
                    events: [],
                    droppedEventsCount: 0,
                    status: { code: 1 },
                    links: [],
                    droppedLinksCount: 0
                  }
                ]
              }
            ]
          }
        ]
      })
      assert.strictEqual(body._tag, "Uint8Array")
      if (body._tag !== "Uint8Array") return
      const expected = span(
        "load-deployment",
        "b7ad6b7169203331",
        "00f067aa0ba902b7",
        1700000000000.001,
        1700000000002.5
      )
      assert.deepStrictEqual(readExport(Buffer.from(body.body)), [expected])
    }).pipe(Effect.provide(OtlpSerialization.layerProtobuf))
  )
})
