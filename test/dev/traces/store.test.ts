import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { ExportTraceServiceRequest } from "../../../dev/traces/Otlp.ts"
import { readExport } from "../../../dev/traces/OtlpProtobuf.ts"
import { type Span, spansOf } from "../../../dev/traces/Span.ts"
import { groupRepeats, matches, summarize, type TraceSummary } from "../../../dev/traces/summary.ts"
import { addSpans, emptyStore } from "../../../dev/traces/TraceStore.ts"
import { exported } from "../../support/traces/exported.ts"

const resource = { attributes: [{ key: "service.name", value: { stringValue: "worker" } }] }

const requestOf = (traceIds: ReadonlyArray<string>): ExportTraceServiceRequest => ({
  resourceSpans: [
    { resource, scopeSpans: [{ spans: traceIds.map((traceId, i) => ({ traceId, spanId: String(i), name: "work" })) }] }
  ]
})

describe("what the exporters send", () => {
  const sent: ExportTraceServiceRequest = {
    resourceSpans: [
      {
        resource,
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
                attributes: [
                  { key: "text", value: { stringValue: "a" } },
                  { key: "count", value: { intValue: "3" } },
                  { key: "share", value: { doubleValue: 0.5 } },
                  { key: "yes", value: { boolValue: true } }
                ],
                events: [{ name: "said", timeUnixNano: "1700000000000002000" }],
                links: [{ traceId: "1af7651916cd43dd8448eb211c80319c", spanId: "c7ad6b7169203331" }],
                status: { code: 2, message: "it broke" }
              }
            ]
          }
        ]
      }
    ]
  }

  it.effect("is read from protobuf as they write it, with every field that is shown", () =>
    Effect.gen(function* () {
      const read = readExport(yield* exported(sent))
      assert.deepStrictEqual(spansOf(read), [
        {
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331",
          parentSpanId: "00f067aa0ba902b7",
          name: "load-deployment",
          program: "worker",
          start: 1700000000000.001,
          end: 1700000000002.5,
          attributes: [
            ["text", "a"],
            ["count", "3"],
            ["share", "0.5"],
            ["yes", "true"]
          ],
          resource: [["service.name", "worker"]],
          events: [{ name: "said", at: 1700000000000.002, attributes: [] }],
          links: ["1af7651916cd43dd8448eb211c80319c"],
          error: "it broke"
        }
      ])
    })
  )

  it("is refused when it is no such message", () => {
    assert.throws(() => readExport(new Uint8Array([0xff, 0xff, 0xff])))
  })
})

describe("the store of traces", () => {
  it("never holds more than its limits, keeps what came last, and counts what it cannot keep", () => {
    const limits = { traces: 3, spans: 10 }
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 14 })),
        (all) => {
          const store = all.reduce((held, ids) => addSpans(held, requestOf(ids), limits), emptyStore)
          const held = [...store.values()]
          assert.isTrue(store.size <= limits.traces)
          assert.isTrue(held.reduce((sum, it) => sum + it.spanCount, 0) <= limits.spans)
          assert.isTrue(held.every((it) => spansOf(it).length === it.spanCount))
          const last = [...new Set(all.at(-1) ?? [])].at(-1)
          if (last !== undefined) assert.isTrue(store.has(last))
        }
      )
    )
    const full = addSpans(emptyStore, requestOf(Array.from({ length: 12 }, () => "a")), limits)
    assert.deepStrictEqual([full.get("a")?.spanCount, full.get("a")?.dropped], [10, 2])
  })
})

describe("the list of traces", () => {
  const trace = (name: string, key = "k", errors = 0): TraceSummary => ({
    traceId: "t",
    name,
    service: name.split("/")[0] ?? "",
    key,
    start: 0,
    end: 1,
    spans: 1,
    errors,
    dropped: 0,
    sentBy: [],
    status: errors === 0 ? "completed" : "failed",
    isInvocation: true,
    subjects: ["d_1"]
  })
  const all = { text: "", service: "", status: "", everything: false }

  it("is named after the first invocation, not after what came first", () => {
    const [own] = spansOf({
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "t", spanId: "1", name: "sql.execute" }] }] }]
    })
    assert.isDefined(own)
    if (own === undefined) return
    const start = {
      ...own,
      spanId: "2",
      start: 5,
      end: 6,
      name: "invocation-start hydra.v1.DeployService/{key}/Deploy"
    }
    const named: typeof own = {
      ...start,
      attributes: [["restate.invocation.target", "hydra.v1.DeployService/p/1/Deploy"]]
    }
    const { key, name, service } = summarize([own, named], 0) ?? trace("")
    assert.deepStrictEqual([name, service, key], ["DeployService/Deploy", "DeployService", "p/1"])
    assert.isUndefined(summarize([], 0))
  })

  it.each([
    [{ ...all, text: "deploy  K" }, true],
    [{ ...all, text: "deploy other" }, false],
    [{ ...all, service: "DeployService" }, true],
    [{ ...all, service: "RoutingService" }, false],
    [{ ...all, text: "d_1" }, true],
    [{ ...all, status: "completed" }, true],
    [{ ...all, status: "errors" }, false]
  ])("is filtered by words, deployment, service, status and failures: %o", (filter, expected) => {
    assert.strictEqual(matches(filter, trace("DeployService/Deploy")), expected)
  })

  it("leaves out what is no invocation unless it is asked for", () => {
    const migration = { ...trace("migrate"), isInvocation: false }
    assert.deepStrictEqual([matches(all, migration), matches({ ...all, everything: true }, migration)], [false, true])
  })

  it("marks what runs, completed and failed, and counts a failure once that goes up to the caller", () => {
    const named = (spanId: string, parentSpanId: string, name: string, error?: string): Span => ({
      traceId: "t",
      spanId,
      parentSpanId,
      name,
      program: "worker",
      start: Number(spanId),
      end: Number(spanId) + 1,
      attributes: [["restate.invocation.id", "inv_1"]],
      resource: [],
      events: [],
      links: [],
      ...(error === undefined ? {} : { error })
    })
    const start = named("1", "", "invocation-start hydra.v1.DeployService/{key}/Deploy")
    const handler = named("3", "1", "hydra.v1.DeployService/Deploy", "failed")
    const step = {
      ...named("4", "3", "load-deployment", "no such row"),
      attributes: [["deployment_id", "d_1"]] as const
    }
    const end = named("9", "1", "invocation-end hydra.v1.DeployService/{key}/Deploy")
    const failure = { ...end, error: "no such row" }
    const facts = (spans: ReadonlyArray<Span>, dropped = 0) => {
      const { errors, status, subjects } = summarize(spans, dropped) ?? trace("")
      return [status, errors, subjects]
    }
    assert.deepStrictEqual(facts([start]), ["running", 0, []])
    assert.deepStrictEqual(facts([start], 1), ["unknown", 0, []])
    assert.deepStrictEqual(facts([start, end]), ["completed", 0, []])
    assert.deepStrictEqual(facts([start, handler, step, failure]), ["failed", 1, ["d_1"]])
    assert.deepStrictEqual(facts([start, failure]), ["failed", 1, []])
  })

  it("joins neighbours that are alike, never one that failed, and loses none", () => {
    const traces = [trace("a"), trace("a"), trace("a", "k", 1), trace("a"), trace("b"), trace("b", "other")]
    const groups = groupRepeats(traces)
    assert.deepStrictEqual(
      groups.map((group) => group.traces.length),
      [2, 1, 1, 1, 1]
    )
    assert.deepStrictEqual(
      groups.flatMap((group) => group.traces),
      traces
    )
  })
})
