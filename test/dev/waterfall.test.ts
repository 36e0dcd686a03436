import { assert, describe, it } from "@effect/vitest"
import { waterfall } from "../../dev/demo/waterfall.ts"

const span = (name: string, spanId: string, parentSpanId: string, start: number, end: number) => ({
  name,
  spanId,
  parentSpanId,
  start,
  end
})

describe("the trace of the demo", () => {
  it("nests spans by their parents, in order of time, and counts statements instead of listing them", () => {
    const lines = waterfall(
      [
        span("second", "b1", "a1", 60, 100),
        span("sql.execute", "c1", "b0", 10, 20),
        span("sql.transaction", "c2", "b0", 20, 40),
        span("sql.execute", "d1", "c2", 20, 30),
        span("first", "b0", "a1", 0, 50),
        span("hydra.v1.DeployService/Deploy", "a1", "a0", 0, 100),
        span("ingress hydra.v1.DeployService/{key}/Deploy", "a0", "unknown", 0, 0)
      ],
      80
    )
    assert.deepStrictEqual(
      lines.map((line) => line.replaceAll(/ +/g, " ")),
      [
        `DeployService/Deploy │${"█".repeat(40)}│ 100 ms`,
        ` first │${"█".repeat(20)} │ 50 ms 2 SQL`,
        ` second │ ${"█".repeat(16)}│ 40 ms`
      ]
    )
  })

  it.each([60, 80, 100, 200])("fits %i columns: the bars take what the names leave", (width) => {
    const lines = waterfall(
      [
        span("hydra.v1.RoutingService/SwapLiveDeployment of a very long name indeed", "a1", "", 0, 100),
        span("short", "b1", "a1", 20, 40),
        ...Array.from({ length: 12 }, (_, n) => span("sql.execute", `c${n}`, "b1", 20, 30))
      ],
      width
    )
    assert.isAtMost(Math.max(...lines.map((line) => line.length)), width)
    assert.match(lines[0] ?? "", /│█{16,}│/)
  })
})
