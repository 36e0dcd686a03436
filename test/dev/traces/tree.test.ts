import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Span } from "../../../dev/traces/Span.ts"
import { barOf } from "../../../dev/traces/timeline.ts"
import { foldedAtFirst, rowsOf, treeOf } from "../../../dev/traces/tree.ts"

const span = (spanId: string, parentSpanId: string, name: string, start: number, end: number): Span => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId,
  parentSpanId,
  name,
  program: "worker",
  start,
  end,
  attributes: [],
  resource: [],
  events: [],
  links: []
})

const handler = (own: Span): Span => ({ ...own, attributes: [["restate.invocation.id", "inv_1"]] })

const draw = (spans: ReadonlyArray<Span>, everything = false) =>
  rowsOf(treeOf(spans, { everything }), () => false).map(
    ({ level, node }) => `${"  ".repeat(level - 1)}${node.span.spanId} ${node.kind} of ${node.service}`
  )

const invocation = [
  span("in", "caller", "ingress hydra.v1.DeployService/{key}/Deploy", 0, 0),
  span("inv", "in", "invocation-start hydra.v1.DeployService/{key}/Deploy", 0, 1),
  span("a1", "inv", "invocation-attempt hydra.v1.DeployService/{key}/Deploy", 10, 40),
  handler(span("h1", "a1", "hydra.v1.DeployService/Deploy", 12, 38)),
  span("s2", "h1", "publish", 30, 36),
  span("s1", "h1", "load", 12, 20),
  span("q1", "s1", "sql.execute", 13, 19),
  span("end", "inv", "invocation-end hydra.v1.DeployService/{key}/Deploy", 100, 100)
]

const second = [
  span("a2", "inv", "invocation-attempt hydra.v1.DeployService/{key}/Deploy", 70, 100),
  handler(span("h2", "a2", "hydra.v1.DeployService/Deploy", 70, 99))
]

const failure = (own: Span): Span => ({ ...own, error: "it broke" })

describe("the tree of a trace", () => {
  it("nests by parent and orders by time; markers and a single attempt give way to what they hold", () => {
    assert.deepStrictEqual(draw(invocation), [
      "inv invocation of DeployService",
      "  h1 handler of DeployService",
      "    s1 step of DeployService",
      "      q1 statement of DeployService",
      "    s2 step of DeployService"
    ])
  })

  it("keeps attempts apart where there are several, and everything on request", () => {
    assert.deepStrictEqual(
      draw([...invocation, ...second]).filter((line) => line.includes("attempt")),
      ["  a1 attempt of DeployService", "  a2 attempt of DeployService"]
    )
    assert.strictEqual(draw(invocation, true).length, invocation.length)
  })

  it("never hides a failure", () => {
    const failed = invocation.map((own) => (own.spanId === "end" || own.spanId === "q1" ? failure(own) : own))
    const roots = treeOf(failed, { everything: false })
    const shown = rowsOf(roots, foldedAtFirst).map(({ node }) => node.span.spanId)
    assert.includeMembers(shown, ["end", "q1"])
  })

  it("says which spans name a parent that is not there", () => {
    const [first, ...others] = treeOf(invocation, { everything: false })
    assert.deepStrictEqual([first?.orphan, others.length], [true, 0])
    const lone = treeOf([span("x", "lost", "work", 5, 6), span("y", "", "work", 1, 2)], { everything: false })
    assert.deepStrictEqual(
      lone.map((node) => [node.span.spanId, node.orphan]),
      [
        ["y", false],
        ["x", true]
      ]
    )
  })

  it("has every span exactly once, whatever parents they name, circles and copies among them", () => {
    const ids = fc.integer({ min: 0, max: 12 }).map(String)
    const any = fc.record({
      id: ids,
      parent: fc.oneof(ids, fc.constant("")),
      start: fc.nat(50),
      name: fc.constantFrom("work", "ingress x/y", "invocation-attempt x/y")
    })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 30 }), (made) => {
        const spans = made.map(({ id, name, parent, start }) => span(id, parent, name, start, start + 1))
        const rows = rowsOf(treeOf(spans, { everything: true }), () => false).map(({ node }) => node.span.spanId)
        assert.deepStrictEqual(rows.toSorted(), [...new Set(spans.map(({ spanId }) => spanId))].toSorted())
        const fewer = rowsOf(treeOf(spans, { everything: false }), () => false).map(({ node }) => node.span.spanId)
        assert.strictEqual(new Set(fewer).size, fewer.length)
        const work = [...new Map(spans.map((own) => [own.spanId, own])).values()].filter(({ name }) => name === "work")
        assert.includeMembers(
          fewer,
          work.map(({ spanId }) => spanId)
        )
      })
    )
  })

  it("takes a chain of 20,000 spans", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => span(String(i), i === 0 ? "" : String(i - 1), "work", i, i))
    assert.strictEqual(rowsOf(treeOf(chain, { everything: false }), () => false).length, chain.length)
  })
})

describe("the bar of an invocation", () => {
  it("lasts until its last attempt ends, and waits in the queue and while it is suspended", () => {
    const [node] = treeOf([...invocation, ...second], { everything: false })
    assert.isDefined(node)
    if (node === undefined) return
    assert.deepStrictEqual(barOf(node), {
      start: 0,
      end: 100,
      waits: [
        { start: 0, end: 10 },
        { start: 40, end: 70 }
      ]
    })
  })

  it("of a handler waits wherever no step runs", () => {
    const [node] = treeOf(invocation, { everything: false })
    const handled = node?.children[0]
    assert.isDefined(handled)
    if (handled === undefined) return
    assert.deepStrictEqual(barOf(handled).waits, [
      { start: 20, end: 30 },
      { start: 36, end: 38 }
    ])
  })
})
