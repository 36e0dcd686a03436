import { assert, describe, it } from "@effect/vitest"
import { condense } from "../../../dev/traces/condense.ts"
import type { Span } from "../../../dev/traces/Span.ts"
import { foldedAtFirst, rowsOf, treeOf } from "../../../dev/traces/tree.ts"

const span = (spanId: string, parentSpanId: string, name: string, start: number, end: number): Span => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId,
  parentSpanId,
  name,
  program: "worker",
  start,
  end,
  attributes: name.startsWith("hydra.") || name.startsWith("invocation-") ? [["restate.invocation.id", "inv_1"]] : [],
  resource: [],
  events: [],
  links: []
})

const command = (at: number, type: string) => ({
  name: "restate.invocation.lifecycle.new_command",
  at,
  attributes: [["restate.journal.command.type", type]] as const
})

const attempt: Span = {
  ...span("attempt", "inv", "invocation-attempt hydra.v1.DeployService/{key}/Deploy", 400, 10_000),
  events: [command(409, "Command/Run"), command(1001, "Command/Sleep"), command(6003, "Command/Call")]
}
const frame = [
  span("inv", "", "invocation-start hydra.v1.DeployService/{key}/Deploy", 0, 1),
  attempt,
  span("handler", "attempt", "hydra.v1.DeployService/Deploy", 400, 10_000),
  span("load", "handler", "load-deployment", 400, 1000)
]
const polls = Array.from({ length: 4 }, (_, i) =>
  span(`poll${i}`, "handler", "check-instances", 3000 + i * 1000, 3000 + i * 1000 + 10)
)

const draw = (spans: ReadonlyArray<Span>) =>
  rowsOf(condense(treeOf(spans, { everything: false }), spans, 100), foldedAtFirst).map(
    ({ level, node }) => `${"  ".repeat(level - 1)}${node.label} ${node.span.start}-${node.span.end}`
  )

describe("the rows of a trace", () => {
  it("has repetitions of a poll as one, and each wait with what was waited for, in the order of time", () => {
    assert.deepStrictEqual(draw([...frame, ...polls]), [
      "DeployService/Deploy 0-1",
      "  waits for its first attempt 0-400",
      "  DeployService/Deploy 400-10000",
      "    load-deployment 400-1000",
      "    sleeps 1000-3000",
      "    check-instances × 4, every 1.00 s 3000-6010",
      "    waits for a call 6010-10000"
    ])
  })

  it("has a call among the steps of the handler that made it, and no wait while the call runs", () => {
    const call = span("call", "attempt", "invocation-start hydra.v1.RoutingService/{key}/Swap", 6010, 6011)
    const called = {
      ...span("callee", "call", "hydra.v1.RoutingService/Swap", 6011, 9990),
      attributes: attempt.attributes
    }
    assert.deepStrictEqual(draw([...frame, ...polls, call, called]).slice(-2), [
      "    RoutingService/Swap 6010-6011",
      "      RoutingService/Swap 6011-9990"
    ])
  })

  it("never joins what failed", () => {
    const failed = polls.map((poll, i) => (i === 1 ? { ...poll, error: "no answer" } : poll))
    assert.deepStrictEqual(draw([...frame, ...failed]).filter((line) => line.includes("check-instances")).length, 4)
  })

  it("takes a chain of 20,000 spans", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => span(String(i), i === 0 ? "" : String(i - 1), "work", i, i))
    const roots = condense(treeOf(chain, { everything: false }), chain, 1)
    assert.strictEqual(rowsOf(roots, () => false).length, chain.length)
  })
})
