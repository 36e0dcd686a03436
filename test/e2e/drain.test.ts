import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, Ref, Schedule, Schema } from "effect"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { RestateClient, type RestateClientShape } from "../support/stack/Restate.ts"
import { watchDeparture } from "./support/departure.ts"
import { holdRows, seedMany, sendDeploys, startKrane } from "./support/deploysInFlight.ts"
import { eventually } from "./support/eventually.ts"
import { proxiedStack, Workers } from "./support/Stack.ts"
import { metricsOf, stepsInFlight, stepsRun } from "./support/stepsRun.ts"

const ofEach = 50
/** Longer than the test holds the steps, also on a busy machine: a worker that ends before has not been cut off. */
const drainTimeout = Duration.seconds(90)
/** Idle, the answer changes within 20 ms of the signal; the bound leaves room for a machine that runs other tests. */
const readinessBound = Duration.seconds(5)

const quick = "quick.test"
/** Where nothing runs until the test says so. */
const waitingRegion = "waiting.test"

const stack = proxiedStack({
  regions: [quick, waitingRegion],
  kraneRegions: [quick],
  workers: 2,
  choose: "first",
  restate: { inactivityTimeout: "500 millis" },
  env: {
    WORKER_DATABASE_POOL_SIZE: String(ofEach + 20),
    WORKER_RESTATE_DRAIN_TIMEOUT: `${Duration.toSeconds(drainTimeout)}s`
  }
})

const count = Schema.Tuple(Schema.Struct({ n: Schema.Number }))

const countRows = (restate: RestateClientShape, condition: string) =>
  Effect.map(
    Effect.flatMap(
      restate.sql(`SELECT COUNT(*) AS n FROM sys_invocation WHERE target_handler_name = 'Deploy' AND ${condition}`),
      Schema.decodeUnknown(count)
    ),
    ([{ n }]) => n
  )

const failedAttempts = Effect.flatMap(RestateClient, (restate) =>
  restate.sql("SELECT i.target, e.event_json FROM sys_journal_events e JOIN sys_invocation i ON i.id = e.id")
)

/** Small requests that go on until they are ended; then their statuses are known. */
const continuingLoad = Effect.gen(function* () {
  const restate = yield* RestateClient
  const going = yield* Ref.make(true)
  const one = Effect.map(restate.call("hydra.v1.KeyRefillService/2026-02-28/Progress", {}), ({ status }) => status)
  const load = yield* one.pipe(
    Effect.repeat(
      Schedule.collectAllInputs<number>().pipe(
        Schedule.addDelay(() => "50 millis"),
        Schedule.whileInputEffect(() => Ref.get(going))
      )
    ),
    inRealTime,
    Effect.forkScoped
  )
  return { end: Effect.zipRight(Ref.set(going, false), Fiber.join(load)) }
})

layer(stack, { excludeTestServices: true, timeout: "2 minutes" })("a worker that is told to end", (it) => {
  it.scoped(
    "with 50 invocations in a step and 50 waiting, under load, loses none of them and runs no step twice",
    () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { processes } = yield* Workers
        const [leaving, staying] = processes
        assert.isDefined(leaving)
        assert.isDefined(staying)
        const { exposed: leavingMetrics } = yield* metricsOf(leaving)
        const { exposed: stayingMetrics } = yield* metricsOf(staying)

        const waitingIds = yield* seedMany("waiting", waitingRegion, ofEach)
        const steppingIds = yield* seedMany("stepping", quick, ofEach)
        const waiting = yield* sendDeploys("waiting", waitingIds)
        yield* eventually("all that are to wait do", leavingMetrics, (exposed) => {
          const entered = stepsRun(exposed, "enter-deploying") >= ofEach
          return entered && stepsRun(exposed, "check-instances") >= ofEach
        })
        // Last, because a step that is held has the time of a step and no more.
        const { letGo } = yield* holdRows(steppingIds)
        const stepping = yield* sendDeploys("stepping", steppingIds)
        yield* eventually("all others are in their step", leavingMetrics, (exposed) => {
          const loaded = stepsRun(exposed, "load-deployment") >= 2 * ofEach
          return loaded && stepsInFlight(exposed) >= ofEach
        })
        assert.strictEqual(yield* countRows(restate, "status <> 'completed'"), 2 * ofEach)
        assert.strictEqual(stepsRun(yield* stayingMetrics, "load-deployment"), 0)
        const load = yield* continuingLoad

        const departure = yield* watchDeparture(leaving.url)
        yield* Effect.sleep("300 millis").pipe(inRealTime)
        const signalledAt = Date.now()
        const ending = yield* Effect.fork(leaving.kill("SIGTERM"))
        const goodbye = yield* departure.goodbye
        assert.strictEqual(goodbye.status, 503)
        const unready = yield* eventually(
          "readiness tells of it",
          Effect.sync(() => departure.ready.find(({ at, status }) => at >= signalledAt && status === 503)),
          (seen) => seen !== undefined
        )
        assert.isBelow((unready?.at ?? 0) - signalledAt, Duration.toMillis(readinessBound))

        // What waited goes on elsewhere while the steps still run here.
        yield* eventually(
          "the other worker goes on",
          stayingMetrics,
          (exposed) => stepsRun(exposed, "check-instances") > 0
        )
        assert.isTrue(Option.isNone(yield* Fiber.poll(ending)))
        yield* eventually(
          "probes are answered during the drain",
          Effect.sync(() => departure.live.filter(({ at }) => at > goodbye.at).length),
          (seen) => seen >= 3
        )
        for (const { status } of departure.live) assert.strictEqual(status, 200)
        for (const { askedAt, status } of departure.ready) if (askedAt > goodbye.at) assert.strictEqual(status, 503)
        assert.isAbove(departure.requests.length, 0)
        for (const { status } of departure.requests) assert.strictEqual(status, 200)

        yield* letGo
        assert.deepStrictEqual(yield* Fiber.join(ending), { code: 0, signal: null })
        assert.isBelow(Date.now() - signalledAt, Duration.toMillis(drainTimeout))

        yield* startKrane(waitingRegion)
        for (const id of [...stepping, ...waiting])
          assert.deepInclude(yield* restate.attach(id), { status: 200, body: {} })
        const answers = yield* load.end
        assert.isAbove(answers.length, 10)
        for (const status of answers) assert.strictEqual(status, 200)

        // Every deploy had taken these steps, or was in one, before the signal.
        const exposed = yield* stayingMetrics
        for (const step of ["load-deployment", "enter-queued"]) assert.strictEqual(stepsRun(exposed, step), 0, step)
        assert.strictEqual(yield* countRows(restate, "completion_result <> 'success'"), 0)
        // Nor has any attempt failed: Restate would have written why.
        assert.deepStrictEqual(yield* failedAttempts, [])
      }),
    180_000
  )
})
