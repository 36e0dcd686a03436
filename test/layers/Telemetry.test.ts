import { createServer, type IncomingHttpHeaders } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted, Schema, Tracer } from "effect"
import fc from "fast-check"
import { onLoopback } from "../../dev/stack/onLoopback.ts"
import type { ResourceSpans } from "../../dev/traces/Otlp.ts"
import { readExport } from "../../dev/traces/OtlpProtobuf.ts"
import { isSampled, TelemetryLive, type TelemetryOptions } from "../../src/layers/telemetry/Telemetry.ts"

interface Export {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface TracesBody {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: {
      readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { readonly stringValue: string } }>
    }
    readonly scopeSpans: ReadonlyArray<{
      readonly spans: ReadonlyArray<{ readonly name: string; readonly traceId: string; readonly parentSpanId?: string }>
    }>
  }>
}

/** A local collector that accepts and records every export. */
const collector = Effect.gen(function* () {
  const exports: Array<Export> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk) => chunks.push(chunk))
    request.on("end", () => {
      exports.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) })
      response.end("{}")
    })
  })
  const port = yield* onLoopback(server)
  const url = `http://127.0.0.1:${port}/v1/traces`
  return { exports, url }
})

const options = (url: string, over: Partial<TelemetryOptions> = {}): TelemetryOptions => ({
  traces: Option.some({
    url,
    headers: Redacted.make({ authorization: "Bearer s3cret" }),
    encoding: "json",
    exportEveryMillis: 3_600_000,
    batchSize: 512
  }),
  sampleRate: 1,
  version: "1.2.3",
  instanceId: "ins_1",
  region: "eu-1",
  serviceName: Option.none(),
  resourceAttributes: {},
  ...over
})

const inProtobuf = (url: string): TelemetryOptions => {
  const base = options(url)
  return { ...base, traces: Option.map(base.traces, (target) => ({ ...target, encoding: "protobuf" as const })) }
}

const spansOfResource = ({ scopeSpans = [] }: ResourceSpans) => scopeSpans.flatMap(({ spans = [] }) => spans)

class Refused extends Schema.TaggedError<Refused>()("Refused", { reason: Schema.String, cause: Schema.Defect }) {
  override get message() {
    return this.reason
  }
}

const bodiesOf = (exports: ReadonlyArray<Export>) =>
  exports.map((received): TracesBody => JSON.parse(received.body.toString()))
const spansOf = (exports: ReadonlyArray<Export>) =>
  bodiesOf(exports).flatMap((body) =>
    body.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap(({ spans }) => spans))
  )
const resourceOf = (exports: ReadonlyArray<Export>) =>
  Object.fromEntries(
    bodiesOf(exports).flatMap((body) =>
      body.resourceSpans.flatMap(({ resource }) =>
        resource.attributes.map(({ key, value }) => [key, value.stringValue])
      )
    )
  )

const work = Effect.withSpan(Effect.withSpan(Effect.void, "step.load"), "workflow.Deploy")
const remoteParent = (sampled: boolean) =>
  Tracer.externalSpan({ traceId: "0123456789abcdef0123456789abcdef", spanId: "0123456789abcdef", sampled })

describe("telemetry", () => {
  it.scopedLive(
    "spans reach the collector when the layer closes, with who we are and the collector's credentials",
    () =>
      Effect.gen(function* () {
        const { exports, url } = yield* collector
        yield* Effect.provide(
          Effect.zipRight(
            Effect.withParentSpan(work, remoteParent(true)),
            Effect.sync(() => assert.lengthOf(exports, 0, "nothing is due before the interval"))
          ),
          TelemetryLive(options(url))
        )
        const [step, workflow] = spansOf(exports)
        assert.strictEqual(workflow?.name, "workflow.Deploy")
        assert.strictEqual(workflow?.parentSpanId, "0123456789abcdef")
        assert.strictEqual(step?.name, "step.load")
        assert.strictEqual(step?.traceId, "0123456789abcdef0123456789abcdef")
        assert.strictEqual(exports[0]?.path, "/v1/traces")
        assert.strictEqual(exports[0]?.headers.authorization, "Bearer s3cret")
        assert.deepStrictEqual(resourceOf(exports), {
          "service.namespace": "unkey",
          "service.name": "worker",
          "service.version": "1.2.3",
          "service.instance.id": "ins_1",
          "cloud.region": "eu-1"
        })
      })
  )

  it.scopedLive("what the OTEL variables say about the resource wins, and an unknown region is absent", () =>
    Effect.gen(function* () {
      const { exports, url } = yield* collector
      yield* Effect.provide(
        work,
        TelemetryLive(
          options(url, {
            region: "",
            serviceName: Option.some("worker-eu"),
            resourceAttributes: { "service.name": "ignored", "service.namespace": "other", team: "deploy" }
          })
        )
      )
      assert.deepStrictEqual(resourceOf(exports), {
        "service.namespace": "other",
        "service.name": "worker-eu",
        "service.version": "1.2.3",
        "service.instance.id": "ins_1",
        team: "deploy"
      })
    })
  )

  it.scopedLive("a trace that is not sampled exports nothing, a sampled parent keeps its children at any ratio", () =>
    Effect.gen(function* () {
      const { exports, url } = yield* collector
      const under = (sampled: boolean) => Effect.withParentSpan(work, remoteParent(sampled))
      yield* Effect.provide(Effect.zipRight(work, under(true)), TelemetryLive(options(url, { sampleRate: 0 })))
      yield* Effect.provide(under(false), TelemetryLive(options(url, { sampleRate: 0.000001 })))
      assert.lengthOf(exports, 0)
      yield* Effect.provide(under(true), TelemetryLive(options(url, { sampleRate: 0.000001 })))
      assert.lengthOf(spansOf(exports), 2)
    })
  )

  it.scopedLive("protobuf is what a collector gets unless it asks for JSON", () =>
    Effect.gen(function* () {
      const { exports, url } = yield* collector
      yield* Effect.provide(work, TelemetryLive(inProtobuf(url)))
      assert.strictEqual(exports[0]?.headers["content-type"], "application/x-protobuf")
      assert.include(exports[0]?.body.toString("latin1"), "workflow.Deploy")
    })
  )

  it.scopedLive("numbers of any sign and size leave the whole export readable in protobuf", () =>
    Effect.gen(function* () {
      const { exports, url } = yield* collector
      const numbers = { minus: -5, far: -(2 ** 53), huge: 1e300, small: 200, half: -0.5, many: [-1, 7], big: -9n }
      const noted = Effect.withSpan(work, "numbers", { attributes: numbers })
      yield* Effect.provide(noted, TelemetryLive(inProtobuf(url)))
      const spans = readExport(exports[0]?.body ?? Buffer.of()).resourceSpans.flatMap(spansOfResource)
      assert.sameMembers(
        spans.map(({ name }) => name),
        ["numbers", "workflow.Deploy", "step.load"]
      )
      const attributes = spans.find(({ name }) => name === "numbers")?.attributes ?? []
      assert.deepInclude(Object.fromEntries(attributes.map(({ key, value }) => [key, value])), {
        minus: { doubleValue: -5 },
        far: { doubleValue: -(2 ** 53) },
        huge: { doubleValue: 1e300 },
        small: { intValue: "200" },
        half: { doubleValue: -0.5 },
        many: { arrayValue: { values: [{ doubleValue: -1 }, { intValue: "7" }] } },
        big: { doubleValue: -9 }
      })
    })
  )

  it.scopedLive("a failure is told by its tag or class, never as an interruption, and no text of an error is", () =>
    Effect.gen(function* () {
      const { exports, url } = yield* collector
      const secret = new Error("password=hunter2")
      const failures = [
        Effect.fail(new Refused({ reason: "password=hunter2", cause: secret })),
        Effect.die(new TypeError("password=hunter2", { cause: secret })),
        Effect.die("password=hunter2")
      ].map((failure) => Effect.exit(Effect.withSpan(failure, "step.load")))
      yield* Effect.provide(Effect.all(failures), TelemetryLive(inProtobuf(url)))
      const request = readExport(exports[0]?.body ?? Buffer.of())
      const spans = request.resourceSpans.flatMap(spansOfResource)
      assert.deepStrictEqual(
        spans.map(({ status }) => status),
        ["Refused", "TypeError", "Error"].map((message) => ({ code: 2, message }))
      )
      assert.deepStrictEqual(
        spans.map(({ attributes = [] }) => attributes.filter(({ key }) => !key.startsWith("code."))),
        ["Refused", "TypeError", "Error"].map((stringValue) => [{ key: "error.type", value: { stringValue } }])
      )
      assert.notInclude(JSON.stringify(request), "hunter2")
    })
  )

  it.live("a collector that is away costs a bounded time at the end and no failure", () =>
    Effect.timeout(Effect.provide(work, TelemetryLive(options("http://127.0.0.1:1/v1/traces"))), "4 seconds")
  )

  it.effect("without an endpoint spans keep Effect's own tracer and nothing is sent", () =>
    Effect.provide(work, TelemetryLive(options("", { traces: Option.none() })))
  )

  it("the ratio is kept over many traces and every process decides alike about one", () => {
    const traceId = fc.stringMatching(/^[0-9a-f]{32}$/)
    fc.assert(
      fc.property(traceId, fc.double({ min: 0, max: 1, noNaN: true }), (id, rate) => {
        const kept = isSampled(rate, Option.none(), id)
        assert.strictEqual(kept, isSampled(rate, Option.none(), id))
        if (kept) assert.isTrue(isSampled(Math.min(1, rate + 0.1), Option.none(), id), "more ratio never keeps less")
      })
    )
    const ids = fc.sample(fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: 32, maxLength: 32 }), 4_000)
    const share = ids.filter((id) => isSampled(0.25, Option.none(), id.join(""))).length / ids.length
    assert.closeTo(share, 0.25, 0.05)
  })
})
