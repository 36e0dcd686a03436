import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, TestClock } from "effect"
import { HealthStateLive } from "../../src/layers/HealthState.ts"
import { Health, HealthCheckFailed, readinessReport } from "../../src/operations/Health.ts"

const notStarted = { status: 503, body: { status: "not started" } }
const ok = { status: 200, body: { status: "ok" } }

describe("health", () => {
  it.effect("a process is neither alive nor ready before it has started", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.register("database", Effect.dieMessage("must not run before the start"))
      assert.deepStrictEqual<unknown>(yield* health.liveness, notStarted)
      assert.deepStrictEqual<unknown>(yield* health.readiness, notStarted)
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("shutting down ends readiness at once but not life, and nothing turns it back", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.markStarted
      assert.deepStrictEqual<unknown>(yield* health.readiness, ok)
      yield* health.beginShutdown
      yield* health.markStarted
      assert.deepStrictEqual<unknown>(yield* health.liveness, ok)
      assert.deepStrictEqual<unknown>(yield* health.readiness, { status: 503, body: { status: "shutting down" } })
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("[W48] one failed check makes the process unready and its reason visible; the others are still shown", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.markStarted
      yield* health.register("database", Effect.void)
      assert.deepStrictEqual<unknown>(yield* health.readiness, {
        status: 200,
        body: { status: "ok", checks: { database: "ok" } }
      })
      yield* health.register("restate", Effect.fail(new HealthCheckFailed({ reason: "not registered" })))
      assert.deepStrictEqual<unknown>(yield* health.readiness, {
        status: 503,
        body: { status: "fail", checks: { database: "ok", restate: "not registered" } }
      })
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("a check that is only shown is visible and never makes the process unready", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.markStarted
      yield* health.register("database", Effect.void)
      yield* health.registerInformational("vault", Effect.fail(new HealthCheckFailed({ reason: "sealed" })))
      assert.deepStrictEqual<unknown>(yield* health.readiness, {
        status: 200,
        body: { status: "ok", checks: { database: "ok", vault: "sealed" } }
      })
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("checks run in parallel and a hanging one, even uninterruptible, costs 500 ms and no more", () =>
    Effect.gen(function* () {
      const health = yield* Health
      const released = yield* Deferred.make<void>()
      yield* health.markStarted
      yield* health.register("stuck", Effect.uninterruptible(Deferred.await(released)))
      yield* health.register("slow", Effect.sleep("499 millis"))
      yield* health.register("fast", Effect.void)
      const probe = yield* Effect.fork(health.readiness)
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual<unknown>(yield* Fiber.join(probe), {
        status: 503,
        body: { status: "fail", checks: { stuck: "no answer within 500 ms", slow: "ok", fast: "ok" } }
      })
      yield* Deferred.succeed(released, undefined)
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("a defect in a check is a failed check whose text stays inside", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.markStarted
      yield* health.register("database", Effect.dieMessage("password=s3cret"))
      assert.deepStrictEqual<unknown>((yield* health.readiness).body.checks, { database: "failed unexpectedly" })
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("under a flood the checks run at most once a second, and every caller is told what they found", () =>
    Effect.gen(function* () {
      const health = yield* Health
      let deciding = 0
      let shown = 0
      yield* health.markStarted
      yield* health.register(
        "database",
        Effect.suspend(() => {
          deciding += 1
          return Effect.sleep("5 millis")
        })
      )
      yield* health.registerInformational(
        "vault",
        Effect.sync(() => {
          shown += 1
        })
      )
      const told: Array<number> = []
      const ask = Effect.map(health.readiness, ({ status }) => told.push(status))
      // Five hundred requests a second for ten seconds.
      for (let tick = 0; tick < 100; tick++) {
        yield* Effect.fork(Effect.replicateEffect(ask, 50, { concurrency: "unbounded" }))
        yield* TestClock.adjust("100 millis")
      }
      assert.deepStrictEqual(
        told,
        Array.from({ length: 5_000 }, () => 200)
      )
      for (const runs of [deciding, shown]) {
        assert.isAtMost(runs, 10)
        assert.isAtLeast(runs, 9)
      }
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("a caller that leaves takes nothing from the others that wait for the same run", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.markStarted
      yield* health.register("database", Effect.sleep("100 millis"))
      const first = yield* Effect.fork(health.readiness)
      const second = yield* Effect.fork(health.readiness)
      yield* TestClock.adjust("50 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("50 millis")
      assert.strictEqual((yield* Fiber.join(second)).status, 200)
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("a caller beyond those that may wait for a run gets 503 at once, and is served again after it", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.markStarted
      yield* health.register("database", Effect.sleep("100 millis"))
      const waiting = yield* Effect.fork(Effect.replicateEffect(health.readiness, 256, { concurrency: "unbounded" }))
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual<unknown>(yield* health.readiness, { status: 503, body: { status: "too many requests" } })
      yield* TestClock.adjust("50 millis")
      assert.isTrue((yield* Fiber.join(waiting)).every(({ status }) => status === 200))
      assert.strictEqual((yield* health.readiness).status, 200)
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("a shutdown shows at once, also to those who wait for a run and while a result is shared", () =>
    Effect.gen(function* () {
      const health = yield* Health
      yield* health.markStarted
      yield* health.register("database", Effect.sleep("100 millis"))
      const waiting = yield* Effect.fork(health.readiness)
      yield* TestClock.adjust("50 millis")
      yield* health.beginShutdown
      const gone = { status: 503, body: { status: "shutting down" } }
      assert.deepStrictEqual<unknown>(yield* health.readiness, gone)
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual<unknown>(yield* Fiber.join(waiting), gone)
    }).pipe(Effect.provide(HealthStateLive))
  )

  it.effect("what changes shows after a second at the latest", () =>
    Effect.gen(function* () {
      const health = yield* Health
      let found: Exit.Exit<void, HealthCheckFailed> = Exit.void
      yield* health.markStarted
      yield* health.register(
        "database",
        Effect.suspend(() => found)
      )
      assert.strictEqual((yield* health.readiness).status, 200)
      found = Exit.fail(new HealthCheckFailed({ reason: "gone" }))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* health.readiness).status, 503)
    }).pipe(Effect.provide(HealthStateLive))
  )

  it("the lifecycle outranks the checks", () => {
    assert.strictEqual(readinessReport("starting", { a: "ok" }).status, 503)
    assert.strictEqual(readinessReport("shutting-down", { a: "ok" }).body.status, "shutting down")
    assert.strictEqual(readinessReport("started", { a: "ok" }).status, 200)
    assert.strictEqual(readinessReport("started", { a: "ok", b: "no" }).status, 503)
  })
})
