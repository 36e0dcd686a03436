import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Contract } from "../../src/contract/Contract.ts"
import { implement } from "../../src/contract/Implementation.ts"
import { again } from "../../src/operations/again.ts"
import type { Overlap } from "../../src/operations/Recurrence.ts"
import { Firing, recurring } from "../../src/operations/recurring.ts"
import { step } from "../../src/operations/Step.ts"
import { crashMatrix } from "../../src/testing/CrashMatrix.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../../src/testing/MemoryRestate.ts"

class Broken extends Schema.TaggedError<Broken>()("Broken", {}) {}

const Reports = Contract.object("Reports", {
  Start: {},
  Stop: {},
  Report: { input: Firing },
  Drain: { input: Schema.Number }
})

interface World {
  readonly done: Set<string>
  readonly overlap: Overlap
  /** Minutes that a report takes. */
  readonly minutes: number
}

const reports = ({ done, minutes, overlap }: World) => {
  const hourly = recurring(Reports, "Report", "1 hour", { overlap })
  return implement(Reports, {
    Start: () => hourly.start,
    Stop: () => hourly.stop,
    Report: (firing) =>
      Effect.asVoid(
        hourly.fired(
          firing,
          Effect.zipRight(
            step(
              "report",
              Effect.sync(() => {
                done.add(new Date(firing.due).toISOString().slice(11, 16))
              })
            ),
            Effect.sleep(`${minutes} minutes`)
          )
        )
      ),
    Drain: (left) =>
      Effect.zipRight(
        step(
          "drained",
          Effect.sync(() => {
            done.add(`left ${left}`)
          })
        ),
        left === 0 ? Effect.void : again(Reports, "Drain", left - 1, { delay: "1 minute" })
      )
  })
}

const scenario = (overlap: Overlap, minutes: number) => (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const done = new Set<string>()
    const engine = new MemoryRestate(options)
    yield* engine.serve(reports({ done, overlap, minutes }))
    yield* engine.call(Reports, "a", "Start", undefined)
    yield* engine.advance("5 hours")
    yield* engine.call(Reports, "a", "Stop", undefined)
    // Without an end of the schedule this would go on for ever.
    yield* engine.drain
    return { done: [...done], state: engine.stateOf("Reports", "a") }
  })

it.effect("a schedule fires once an hour, and ends when it is stopped, wherever the process dies", () =>
  Effect.gen(function* () {
    yield* crashMatrix(scenario("skip", 1), { pairs: 30 })
    const { done, state } = yield* scenario("skip", 1)({})
    assert.deepStrictEqual(done, ["01:00", "02:00", "03:00", "04:00", "05:00"])
    assert.deepStrictEqual(state, {})
  })
)

it.effect("firings that come while one runs are left out, or follow it, as the schedule says", () =>
  Effect.gen(function* () {
    const skipped = yield* scenario("skip", 90)({})
    assert.deepStrictEqual(skipped.done, ["01:00", "03:00", "05:00"])
    const queued = yield* scenario("queue", 90)({})
    assert.deepStrictEqual(queued.done, ["01:00", "02:00", "03:00", "04:00"])
  })
)

it.effect("a chain of invocations goes on once, wherever the process dies", () =>
  Effect.gen(function* () {
    const chain = (options: MemoryRestateOptions) =>
      Effect.gen(function* () {
        const done = new Set<string>()
        const engine = new MemoryRestate(options)
        yield* engine.serve(reports({ done, overlap: "skip", minutes: 1 }))
        yield* engine.call(Reports, "a", "Drain", 3)
        yield* engine.drain
        return { done: [...done], invocations: engine.invocations.length }
      })
    yield* crashMatrix(chain, { pairs: 30 })
    assert.deepStrictEqual(yield* chain({}), { done: ["left 3", "left 2", "left 1", "left 0"], invocations: 4 })
  })
)

const engineWith = (done: Set<string>) =>
  Effect.gen(function* () {
    const engine = new MemoryRestate()
    yield* engine.serve(reports({ done, overlap: "skip", minutes: 1 }))
    return engine
  })

/** Firings that have not begun. */
const waiting = ({ invocations }: MemoryRestate) =>
  invocations.filter(({ status, target }) => target.handler === "Report" && status !== "completed")

it.effect("a handler goes on after the delay that it asks for", () =>
  Effect.gen(function* () {
    const done = new Set<string>()
    const engine = yield* engineWith(done)
    yield* engine.call(Reports, "a", "Drain", 2)
    yield* engine.advance("59 seconds")
    assert.deepStrictEqual([...done], ["left 2"])
    yield* engine.advance("1 second")
    assert.deepStrictEqual([...done], ["left 2", "left 1"])
  })
)

it.effect("a handler that goes on with another handler than itself is paused", () =>
  Effect.gen(function* () {
    const Rounds = Contract.object("Rounds", { First: {}, Second: {} })
    const engine = new MemoryRestate()
    const first = Effect.orDie(again(Rounds, "Second", undefined))
    yield* engine.serve(implement(Rounds, { First: () => first, Second: () => Effect.void }))
    const paused = yield* Effect.flip(engine.call(Rounds, "a", "First", undefined))
    const cause = paused._tag === "InvocationPaused" ? String(paused.cause) : paused._tag
    assert.include(cause, "again goes on with Rounds/First, not Rounds/Second")
    assert.lengthOf(engine.invocations, 1)
  })
)

it.effect("a schedule that is started anew replaces the old one, whose waiting firing is cancelled", () =>
  Effect.gen(function* () {
    const done = new Set<string>()
    const engine = yield* engineWith(done)
    yield* engine.call(Reports, "a", "Start", undefined)
    const [old] = waiting(engine)
    yield* engine.advance("30 minutes")
    yield* engine.call(Reports, "a", "Start", undefined)
    assert.strictEqual(old?.status, "completed")
    assert.lengthOf(waiting(engine), 1)
    yield* engine.advance("1 hour")
    assert.deepStrictEqual([...done], ["01:30"])
  })
)

it.effect("a firing of another schedule does nothing, also while one runs", () =>
  Effect.gen(function* () {
    const done = new Set<string>()
    const engine = yield* engineWith(done)
    yield* engine.call(Reports, "a", "Start", undefined)
    yield* engine.call(Reports, "a", "Report", { schedule: "another", due: engine.time.now })
    assert.isEmpty(done)
    assert.lengthOf(waiting(engine), 1)
    yield* engine.advance("1 hour")
    assert.deepStrictEqual([...done], ["01:00"])
  })
)

it.effect("a firing that fails does not end its schedule", () =>
  Effect.gen(function* () {
    const Fragile = Contract.object("Fragile", { Start: {}, Fire: { input: Firing, error: Broken } })
    const hourly = recurring(Fragile, "Fire", "1 hour")
    let fired = 0
    const work = Effect.zipRight(
      step(
        "fire",
        Effect.sync(() => {
          fired++
        })
      ),
      new Broken()
    )
    const engine = new MemoryRestate()
    yield* engine.serve(
      implement(Fragile, { Start: () => hourly.start, Fire: (firing) => Effect.asVoid(hourly.fired(firing, work)) })
    )
    yield* engine.call(Fragile, "a", "Start", undefined)
    yield* engine.advance("3 hours")
    assert.strictEqual(fired, 3)
  })
)
