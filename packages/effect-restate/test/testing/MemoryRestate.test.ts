import { HttpApiSchema } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Option, Random, Ref, Schema } from "effect"
import { Contract } from "../../src/contract/Contract.ts"
import { implement } from "../../src/contract/Implementation.ts"
import { call, send } from "../../src/operations/Messaging.ts"
import { saga, withUndo } from "../../src/operations/Saga.ts"
import { stateCell } from "../../src/operations/State.ts"
import { step } from "../../src/operations/Step.ts"
import { crashMatrix, type MatrixOptions } from "../../src/testing/CrashMatrix.ts"
import { crashAt } from "../../src/testing/Fault.ts"
import { compareJournals, recordJournals } from "../../src/testing/JournalFixture.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../../src/testing/MemoryRestate.ts"

class Refused extends Schema.TaggedError<Refused>()(
  "Refused",
  { amount: Schema.Number },
  HttpApiSchema.annotations({ status: 409 })
) {}

const Ledger = Contract.object("Ledger", {
  add: { input: Schema.Number, output: Schema.Number, error: Refused },
  move: {
    input: Schema.Struct({ to: Schema.String, amount: Schema.Number }),
    output: Schema.Number,
    error: Refused,
    mode: "shared"
  },
  later: { input: Schema.Number, mode: "shared" },
  fan: {
    input: Schema.Number,
    output: Schema.Array(Schema.Number),
    mode: "shared"
  }
})

const balance = stateCell("balance", Schema.Number)

const ledger = (effects: Ref.Ref<ReadonlyArray<string>>) => {
  const note = (text: string) => Ref.update(effects, (all) => (all.includes(text) ? all : [...all, text]))
  return implement(Ledger, {
    add: (amount) =>
      Effect.gen(function* () {
        const next = Option.getOrElse(yield* balance.get, () => 0) + amount
        if (next > 100) return yield* new Refused({ amount: next })
        yield* balance.set(next)
        return next
      }),
    move: ({ to, amount }) =>
      saga(
        Effect.gen(function* () {
          const ticket = yield* Random.nextIntBetween(0, 1_000_000)
          yield* withUndo(step("withdraw", note(`withdraw ${amount} ${ticket}`)), () =>
            step("restore", note(`restore ${amount} ${ticket}`))
          )
          yield* Effect.sleep("10 minutes")
          return yield* call(Ledger, to, "add", amount)
        })
      ),
    later: (amount) => Effect.asVoid(send(Ledger, "later", "add", amount, { delay: "30 minutes" })),
    fan: (width) =>
      Effect.forEach(
        Array.from({ length: width }, (_, index) => index),
        (index) =>
          step(`branch`, Effect.delay(Effect.succeed(index), `${(width - index) * 10} millis`), {
            output: Schema.Number
          }).pipe(Effect.zipLeft(Effect.sleep(`${index} seconds`))),
        { concurrency: "unbounded" }
      )
  })
}

const world = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const effects = yield* Ref.make<ReadonlyArray<string>>([])
    const engine = new MemoryRestate(options)
    yield* engine.serve(ledger(effects))
    return { engine, effects }
  })

describe("the engine in memory", () => {
  it.effect("answers as the handler does, with typed failures as the same class", () =>
    Effect.gen(function* () {
      const { engine } = yield* world({})
      assert.strictEqual(yield* engine.call(Ledger, "a", "add", 60), 60)
      const failure = yield* Effect.flip(engine.call(Ledger, "a", "add", 60))
      assert.instanceOf(failure, Refused)
    })
  )

  it.effect("moves thirty minutes of a delayed message at once and not before they are asked for", () =>
    Effect.gen(function* () {
      const { engine } = yield* world({})
      yield* engine.call(Ledger, "a", "later", 5)
      yield* engine.advance("29 minutes")
      assert.deepStrictEqual(engine.stateOf("Ledger", "later"), {})
      yield* engine.advance("1 minute")
      assert.deepStrictEqual(engine.stateOf("Ledger", "later"), { balance: 5 })
    })
  )

  it.effect("lets one exclusive invocation run per key, in order of arrival", () =>
    Effect.gen(function* () {
      const { engine } = yield* world({ suspend: "always" })
      const all = Array.from({ length: 10 }, (_, index) => engine.submit(Ledger, "a", "add", index))
      yield* Effect.forEach(all, (invocation) => engine.result(invocation))
      assert.deepStrictEqual(engine.stateOf("Ledger", "a"), { balance: 45 })
    })
  )

  it.effect("runs the undos on cancellation and answers 409", () =>
    Effect.gen(function* () {
      const { engine, effects } = yield* world({})
      const moving = engine.submit(Ledger, "a", "move", { to: "b", amount: 7 })
      yield* engine.settle
      engine.cancel(moving.id)
      const result = yield* engine.result(moving)
      assert.strictEqual(result.ok ? 200 : result.error.code, 409)
      assert.deepStrictEqual(
        (yield* Ref.get(effects)).map((text) => text.split(" ")[0]),
        ["withdraw", "restore"]
      )
    })
  )

  it.effect("says nothing of a defect when an attempt dies while its fibers run", () => {
    const lines: Array<unknown> = []
    const keep = Logger.make(({ message }) => void lines.push(message))
    return Effect.gen(function* () {
      const at = { invocation: "Ledger/a/add#1", index: 1, kind: "set", name: "balance", phase: "after-ack" } as const
      const { engine } = yield* world({ faults: crashAt(at) })
      assert.strictEqual(yield* engine.call(Ledger, "a", "add", 7), 7)
      assert.strictEqual(engine.invocations[0]?.attempts, 2)
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, keep)))
  })

  for (const suspend of ["always", "never"] as const)
    it.effect(`gives parallel branches the same answer in 500 orders of their completions, suspend ${suspend}`, () =>
      Effect.gen(function* () {
        for (let shuffleSeed = 1; shuffleSeed <= 500; shuffleSeed++) {
          const { engine } = yield* world({ suspend, shuffleSeed })
          assert.deepStrictEqual(yield* engine.call(Ledger, "a", "fan", 6), [0, 1, 2, 3, 4, 5], `seed ${shuffleSeed}`)
        }
      })
    )
})

describe("the crash matrix", () => {
  const story = (refused: boolean) => (options: MemoryRestateOptions) =>
    Effect.gen(function* () {
      const { engine, effects } = yield* world(options)
      const exit = yield* Effect.exit(engine.call(Ledger, "a", "move", { to: "b", amount: refused ? 500 : 7 }))
      return { moved: Exit.isSuccess(exit), state: engine.stateOf("Ledger", "b"), effects: yield* Ref.get(effects) }
    })

  it.effect("passes for a workflow whose steps are safe to repeat, successful or compensated", () =>
    Effect.gen(function* () {
      const report = yield* crashMatrix(story(false), { pairs: 40 })
      assert.isAbove(report.points.length, 12)
      const compensated = yield* crashMatrix(story(true))
      assert.isAbove(compensated.points.length, report.points.length)
    })
  )

  it.effect("repeats as many kills under suspension as it is asked for, by default each before an entry", () =>
    Effect.gen(function* () {
      const runsOf = (options: MatrixOptions) => Effect.map(crashMatrix(story(false), options), ({ runs }) => runs)
      const { points, runs } = yield* crashMatrix(story(false))
      const before = points.filter(({ phase }) => phase === "before").length
      assert.isAbove(before, 3)
      assert.deepStrictEqual(
        yield* Effect.forEach([0, 1, 3, before, 1000], (suspendedKills) => runsOf({ suspendedKills })),
        [runs - before, runs - before + 1, runs - before + 3, runs, runs]
      )
    })
  )

  it.effect("kills only at the points that it is asked for", () =>
    Effect.gen(function* () {
      const all = yield* crashMatrix(story(false))
      const { points, runs } = yield* crashMatrix(story(false), { kills: ({ phase }) => phase === "after-ack" })
      assert.deepStrictEqual(points, all.points)
      const leftOut = points.filter(({ phase }) => phase !== "after-ack").length
      assert.isAbove(leftOut, 3)
      assert.strictEqual(runs, all.runs - leftOut)
    })
  )

  it.effect("fails for a step that is not safe to repeat", () =>
    Effect.gen(function* () {
      const scenario = (options: MemoryRestateOptions) =>
        Effect.gen(function* () {
          const count = yield* Ref.make(0)
          const engine = new MemoryRestate(options)
          yield* engine.serve(
            implement(Contract.object("Once", { go: { mode: "shared" } }), {
              go: () =>
                step(
                  "count",
                  Ref.update(count, (n) => n + 1)
                )
            })
          )
          yield* engine.result(engine.request({ service: "Once", key: "k", handler: "go" }, new Uint8Array(0)))
          return yield* Ref.get(count)
        })
      const failure = yield* Effect.flip(crashMatrix(scenario))
      assert.strictEqual(failure._tag, "MatrixFailed")
      assert.match(failure.message, /killed after-body/)
    })
  )
})

describe("the engine in memory, as the server,", () => {
  const Sender = Contract.object("Sender", { go: { mode: "shared" } })
  const sending = (idempotencyKey: () => string) => (options: MemoryRestateOptions) =>
    Effect.gen(function* () {
      const { engine } = yield* world(options)
      const go = () =>
        Effect.gen(function* () {
          yield* send(Ledger, "a", "add", 1, { idempotencyKey: idempotencyKey() })
          yield* Effect.sleep("1 second")
        })
      yield* engine.serve(implement(Sender, { go }))
      yield* engine.call(Sender, "s", "go", undefined)
      return engine.stateOf("Ledger", "a")
    })

  it.effect("compares idempotency keys on replay", () =>
    Effect.gen(function* () {
      yield* crashMatrix(sending(() => "once"))
      const failure = yield* Effect.flip(crashMatrix(sending(() => crypto.randomUUID())))
      assert.include(failure.message, "InvocationPaused")
    })
  )
})

describe("a recorded journal", () => {
  it.effect("differs as soon as a step is renamed, added or moved", () =>
    Effect.gen(function* () {
      const { engine } = yield* world({})
      yield* engine.call(Ledger, "a", "move", { to: "b", amount: 1 })
      const recorded = recordJournals(engine.invocations)
      assert.deepStrictEqual(compareJournals(recorded, recorded), [])
      const label = "Ledger/a/move#1"
      const renamed = { ...recorded, [label]: recorded[label]?.map((name) => name.replace("withdraw", "take")) ?? [] }
      assert.strictEqual(compareJournals(recorded, renamed)[0]?.recorded, "run withdraw")
    })
  )
})
