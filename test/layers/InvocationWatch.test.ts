import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Option, Redacted, Schema, TestClock, TestContext } from "effect"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { PrometheusWorkflowMetricsLive } from "../../src/layers/metrics/PrometheusWorkflowMetrics.ts"
import { InvocationsHttpLive } from "../../src/layers/restateAdmin/InvocationsHttp.ts"
import { InvocationWatch } from "../../src/layers/restateAdmin/InvocationWatch.ts"
import { WorkflowMetrics } from "../../src/services/WorkflowMetrics.ts"
import { obey } from "../support/runActions.ts"
import { RestateClient, untilInvocation } from "../support/stack/Restate.ts"
import { sleepingUntil, untilIo } from "../support/untilIo.ts"
import { dogged, hasty, mended, secretText, watchedServer } from "../support/watch/Watched.ts"

interface Line {
  readonly message: string
  /** Those at the top level of the line. */
  readonly fields: Readonly<Record<string, unknown>>
}

const hour = 3_600_000

const usual = new Map([hasty, dogged].map((service) => [`${service}/Fail`, 2 * hour]))

/**
 * An invocation watch on the context's server, on virtual time that starts the given offset from now. It must not be open while
 * time jumps: it would poll every half minute in between.
 */
const watching = (fromNow = 0, deadlines: ReadonlyMap<string, number> = usual) =>
  Effect.gen(function* () {
    const { admin: adminUrl } = yield* RestateClient
    const place = { program: "control-plane-worker", options: ["--admin-url", adminUrl] }
    const lines: Array<Line> = []
    const capture = Logger.make(({ annotations, message }) => {
      const [text] = Array.isArray(message) ? message : [message]
      lines.push({ message: String(text), fields: Object.fromEntries(annotations) })
    })
    yield* TestClock.setTime(Date.now() + fromNow)
    const metrics = Layer.provide(PrometheusWorkflowMetricsLive({ version: "1" }), PrometheusRegistryLive)
    const context = yield* Layer.build(
      InvocationWatch({ place, deadlines }).pipe(
        Layer.provide(InvocationsHttpLive({ adminUrl, apiKey: Option.none() })),
        Layer.provideMerge(metrics),
        Layer.provide(Logger.replace(Logger.defaultLogger, capture))
      )
    )
    const { render } = yield* Effect.provide(WorkflowMetrics, context)
    const gauge = (name: string, service: string) =>
      Effect.map(
        render,
        (text) => text.match(new RegExp(`^control_plane_worker_${name}\\{service="${service}"\\} (.*)$`, "m"))?.[1]
      )
    const nextSleep = Effect.map(TestClock.currentTimeMillis, (now) => now + 30_000)
    /** The poll has ended: the watch sleeps until the next one, and no request is pending. */
    const looked = Effect.flatMap(nextSleep, (at) =>
      Effect.repeat(inRealTime(Effect.sleep("10 millis")), { until: () => sleepingUntil(at) })
    )
    yield* looked
    const lookAgain = Effect.zipRight(TestClock.adjust("30 seconds"), looked)
    const about = (id: string) => lines.filter(({ fields }) => fields.invocation === id)
    const isUp = Effect.map(render, (text) => text.includes("control_plane_worker_invocation_watch_up 1\n"))
    return { lines, about, gauge, isUp, lookAgain }
  })

const virtually = <A, E, R>(test: Effect.Effect<A, E, R>) => Effect.provide(test, TestContext.TestContext)

layer(watchedServer, { excludeTestServices: true, timeout: "1 minute" })("the watch over invocations", (it) => {
  it.scoped("a paused invocation is counted and told of once with its way out, which leads out of it", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      mended.current = false
      const id = yield* restate.send(`${hasty}/a%20'key'/Fail`)
      yield* untilInvocation(restate, id, (row) => row.status === "paused")
      const { about, gauge, isUp, lines, lookAgain } = yield* watching()
      assert.isTrue(yield* isUp)
      assert.strictEqual(yield* gauge("paused_invocations", hasty), "1")
      assert.isUndefined(yield* gauge("stuck_invocations", hasty))
      const [line, ...others] = about(id)
      assert.lengthOf(others, 0)
      assert.strictEqual(line?.message, "An invocation is paused")
      assert.deepInclude(line?.fields, {
        service: hasty,
        handler: "Fail",
        key: "a 'key'",
        block_reason: "paused",
        step: "do-the-work"
      })
      assert.match(String(line?.fields.code), /^RT\d{4}$/)
      assert.notInclude(JSON.stringify(lines), secretText)

      yield* lookAgain
      assert.lengthOf(about(id), 1)

      mended.current = true
      yield* obey(line?.fields.way_out)
      yield* untilInvocation(restate, id, (row) => row.status === "completed")
      yield* lookAgain
      assert.isUndefined(yield* gauge("paused_invocations", hasty))
      assert.strictEqual(about(id).at(-1)?.message, "An invocation is no longer paused or stuck")
      yield* lookAgain
      assert.lengthOf(about(id), 2)
    }).pipe(virtually)
  )

  it.scoped(
    "one that keeps failing is stuck after a quarter of an hour, with the waiters for its key, and can be retried at once",
    () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        mended.current = false
        const id = yield* restate.send(`${dogged}/k/Fail`)
        const behind = yield* restate.send(`${dogged}/k/Fail`)
        // In back-off for the longest time, so that it does not run by itself meanwhile.
        yield* untilInvocation(restate, id, (row) => row.status === "backing-off" && Number(row.retry_count) >= 5)
        yield* untilInvocation(restate, behind, (row) => row.status === "pending")
        const early = yield* Effect.scoped(watching())
        assert.isUndefined(yield* early.gauge("stuck_invocations", dogged))
        assert.lengthOf(early.lines, 0)
        const { about, gauge, lines, lookAgain } = yield* watching(16 * 60_000)
        assert.strictEqual(yield* gauge("stuck_invocations", dogged), "2")
        assert.deepInclude(about(id)[0]?.fields, { block_reason: "retrying", waiting: 1, step: "do-the-work" })
        assert.lengthOf(about(behind), 0)
        assert.notInclude(JSON.stringify(lines), secretText)

        mended.current = true
        yield* obey(about(id)[0]?.fields.way_out)
        yield* untilInvocation(restate, behind, (row) => row.status === "completed")
        yield* lookAgain
        assert.isUndefined(yield* gauge("stuck_invocations", dogged))
        assert.strictEqual(about(id).at(-1)?.message, "An invocation is no longer paused or stuck")
      }).pipe(virtually)
  )

  it.scoped(
    "what waits for its time is not stuck, however long; past its handler's deadline it is, and its way out ends nothing",
    () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const nap = yield* restate.send(`${dogged}/nap/Nap`)
        const sent = yield* restate.call(`${dogged}/later/Nap/send?delay=2000h`)
        const { invocationId: later } = yield* Schema.decodeUnknown(Schema.Struct({ invocationId: Schema.String }))(
          sent.body
        )
        const mute = yield* restate.send(`${dogged}/mute/Doze`)
        yield* untilInvocation(restate, nap, (row) => row.status === "suspended")
        yield* untilInvocation(restate, later, (row) => row.status === "scheduled")
        const deadlines = new Map([[`${dogged}/Nap`, 24 * hour]])
        const early = yield* Effect.scoped(watching(23 * hour, deadlines))
        assert.lengthOf(early.lines, 0)
        assert.isUndefined(yield* early.gauge("stuck_invocations", dogged))
        const { about, gauge } = yield* Effect.scoped(watching(25 * hour, deadlines))
        assert.strictEqual(yield* gauge("stuck_invocations", dogged), "1")
        assert.lengthOf([...about(later), ...about(mute)], 0)
        assert.deepInclude(about(nap)[0]?.fields, { block_reason: "late" })
        assert.notInclude(about(nap)[0]?.fields.way_out, nap)
        yield* restate.kill(nap)
        const overdue = yield* Effect.scoped(watching(2001 * hour, deadlines))
        assert.deepInclude(overdue.about(later)[0]?.fields, { block_reason: "not-started" })
        assert.notInclude(overdue.about(later)[0]?.fields.way_out, later)
        yield* restate.kill(later)
        yield* restate.kill(mute)
      }).pipe(virtually)
  )

  it.scoped(
    "while Restate is unavailable the counts are cleared, the watch is shown as down, and one warning is logged",
    () =>
      Effect.gen(function* () {
        const lines: Array<unknown> = []
        const dead = "http://127.0.0.1:1"
        yield* TestClock.setTime(1_000_000)
        const context = yield* Layer.build(
          InvocationWatch({ place: { program: "control-plane-worker", options: [] }, deadlines: new Map() }).pipe(
            Layer.provide(InvocationsHttpLive({ adminUrl: dead, apiKey: Option.some(Redacted.make("k3y")) })),
            Layer.provideMerge(Layer.provide(PrometheusWorkflowMetricsLive({ version: "1" }), PrometheusRegistryLive)),
            Layer.provide(
              Logger.replace(
                Logger.defaultLogger,
                Logger.make(({ message }) => void lines.push(message))
              )
            )
          )
        )
        yield* untilIo(sleepingUntil(1_030_000))
        yield* TestClock.adjust("30 seconds")
        yield* untilIo(sleepingUntil(1_060_000))
        const { render } = yield* Effect.provide(WorkflowMetrics, context)
        assert.notInclude(yield* render, "paused_invocations{")
        assert.include(yield* render, "control_plane_worker_invocation_watch_up 0\n")
        assert.lengthOf(lines, 1)
        assert.notInclude(JSON.stringify(lines), "k3y")
      }).pipe(virtually)
  )
})
