import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Schema } from "effect"
import { Contract } from "../../src/contract/Contract.ts"
import { implement } from "../../src/contract/Implementation.ts"
import type { Durable } from "../../src/operations/Durable.ts"
import { NeverRests, NonDurableWait } from "../../src/operations/DurableError.ts"
import { awakeable } from "../../src/operations/Messaging.ts"
import { step } from "../../src/operations/Step.ts"
import { crashMatrix } from "../../src/testing/CrashMatrix.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../../src/testing/MemoryRestate.ts"

const Shop = Contract.object("Shop", { run: {} })

const failingIn = (body: Effect.Effect<void, never, Durable>, options: MemoryRestateOptions = {}) =>
  Effect.gen(function* () {
    const engine = new MemoryRestate(options)
    yield* engine.serve(implement(Shop, { run: () => body }, { retry: { maxAttempts: 1 } }))
    return yield* engine.call(Shop, "s", "run", undefined)
  })

const pausedBy = (body: Effect.Effect<void, never, Durable>) =>
  Effect.filterOrDieMessage(Effect.flip(failingIn(body)), (it) => it._tag === "InvocationPaused", "it did not pause")

/** A defect with a secret in it, and what was behind it. */
const boom = () => new Error("token=abc", { cause: new TypeError("socket hang up") })

describe("an unexpected error", () => {
  for (const [where, body, reason] of [
    ["a handler", Effect.suspend(() => Effect.die(boom())), "Shop/run: Error"],
    [
      "a step",
      step(
        "pay",
        Effect.suspend(() => Effect.die(boom()))
      ),
      "step pay: Error"
    ]
  ] as const)
    it.effect(`of ${where} reaches the test as it was thrown, with its stack and its cause`, () =>
      Effect.gen(function* () {
        const { cause, message, reason: kept } = yield* pausedBy(body)
        assert.instanceOf(cause, Error)
        assert.strictEqual(cause.message, "token=abc")
        assert.instanceOf(cause.cause, TypeError)
        assert.include(cause.stack, "errors.test.ts")
        // What the server would keep tells the class only.
        assert.strictEqual(kept, reason)
        assert.strictEqual(message, `Shop/s/run#1 is paused: ${reason}`)
      })
    )

  it.effect("that ends a disturbed run is printed with its stack by the crash matrix", () =>
    Effect.gen(function* () {
      let runs = 0
      const once = step(
        "pay",
        Effect.suspend(() => (runs++ === 0 ? Effect.void : Effect.die(boom())))
      )
      const failure = yield* Effect.flip(crashMatrix((options) => failingIn(once, options)))
      assert.include(failure.message, "Shop/s/run#1 is paused: step pay: Error")
      assert.include(failure.message, "token=abc")
      assert.include(failure.message, "socket hang up")
      assert.match(failure.message, /errors\.test\.ts:\d+/)
    })
  )

  it.effect("that a scenario dies of names the disturbance", () =>
    Effect.gen(function* () {
      const scenario = (options: MemoryRestateOptions) =>
        options.faults === undefined ? failingIn(step("pay", Effect.void), options) : Effect.dieMessage("an assertion")
      const failure = yield* Effect.flip(crashMatrix(scenario))
      assert.match(
        failure.message,
        /killed before Shop\/s\/run#1 entry 0 \(run pay\)\n {2}the scenario failed: .*an assertion/
      )
    })
  )
})

describe("an error of a wait", () => {
  const neverDone = Effect.flatMap(Deferred.make<void>(), Deferred.await)

  for (const [after, operation] of [
    ["step pay", step("pay", Effect.void)],
    ["sleep", Effect.sleep("1 second")],
    ["reading the time", Effect.asVoid(Effect.clockWith((clock) => clock.currentTimeMillis))]
  ] as const)
    it.effect(`that is not in the journal names the last operation before it: ${after}`, () =>
      Effect.gen(function* () {
        const { cause, reason } = yield* pausedBy(Effect.zipRight(operation, neverDone))
        assert.instanceOf(cause, NonDurableWait)
        assert.include(reason, `of a workflow, after ${after}, waited on something that is not in the journal`)
      })
    )

  it.effect("of a fiber names that fiber's operation, not one of its siblings", () =>
    Effect.gen(function* () {
      const outside = Effect.promise(() => new Promise<void>((done) => setImmediate(done)))
      const one = Effect.zipRight(step("read", Effect.void), outside)
      const other = Effect.zipRight(step("write", Effect.void), Effect.sleep("1 hour"))
      const { reason } = yield* pausedBy(Effect.asVoid(Effect.all([one, other], { concurrency: "unbounded" })))
      assert.include(reason, "after step read, waited")
    })
  )

  it.effect("before any operation says so", () =>
    Effect.gen(function* () {
      const { reason } = yield* pausedBy(neverDone)
      assert.include(reason, "before its first durable operation, waited")
    })
  )

  it.effect("that never comes because the workflow never rests names the operation too", () =>
    Effect.gen(function* () {
      const spinning = Effect.zipRight(step("pay", Effect.void), Effect.forever(Effect.yieldNow()))
      const { cause, reason } = yield* pausedBy(spinning)
      assert.instanceOf(cause, NeverRests)
      assert.include(reason, "after step pay, ran")
    })
  )

  it.effect("that nothing in the engine can end says where each journal stands", () =>
    Effect.gen(function* () {
      const waiting = Effect.gen(function* () {
        yield* step("ask", Effect.void)
        yield* Effect.ignore((yield* awakeable(Schema.Void)).result)
      })
      const stuck = yield* Effect.flip(failingIn(waiting))
      assert.strictEqual(stuck._tag, "Stuck")
      assert.include(stuck.message, "Shop/s/run#1 (running), the last entry is 1 (awakeable)")
    })
  )
})
