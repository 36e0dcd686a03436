import { Effect, Random, Schema } from "effect"
import { Contract } from "../../src/contract/Contract.ts"
import { type Handlers, implement } from "../../src/contract/Implementation.ts"
import { saga, withUndo } from "../../src/operations/Saga.ts"
import { step } from "../../src/operations/Step.ts"
import { type Notes, notes, observed } from "../fixtures/Recorder.ts"

const Size = Schema.Struct({ steps: Schema.Number, millis: Schema.Number })

const contract = Contract.object("Crashing", {
  flow: { input: Size, output: Schema.Struct({ names: Schema.Array(Schema.String), drawn: Schema.Number }) },
  fan: { input: Size, output: Schema.Array(Schema.String) },
  nap: { input: Schema.Number, output: Schema.String },
  saga: { input: Schema.Number }
})

const observedStep = (seen: Notes, name: string, millis: number) =>
  step(name, observed(seen, name, millis), { output: Schema.String })

const count = (n: number) => Array.from({ length: n }, (_, index) => index)

/** Workflows that are slow enough to be killed in the middle. `version` is the build that runs them. */
export const crashing = (version: string) =>
  implement(
    contract,
    {
      flow: ({ steps, millis }) =>
        Effect.gen(function* () {
          const seen = yield* notes
          const added = version === "v2" ? [yield* observedStep(seen, "added", millis)] : []
          const names = yield* Effect.forEach(count(steps), (n) => observedStep(seen, `s${n}`, millis))
          const drawn = yield* Random.nextIntBetween(0, 1_000_000)
          yield* seen.note(`drew ${drawn}`)
          yield* Effect.sleep(millis)
          return { names: [...added, ...names, yield* observedStep(seen, "last", millis)], drawn }
        }),
      fan: ({ steps, millis }) =>
        Effect.gen(function* () {
          const seen = yield* notes
          const branch = (n: number) =>
            Effect.gen(function* () {
              const first = yield* observedStep(seen, `${n}a`, millis * (1 + (n % 3)))
              yield* Effect.sleep(millis)
              return first + (yield* observedStep(seen, `${n}b`, millis))
            })
          return yield* Effect.forEach(count(steps), branch, { concurrency: "unbounded" })
        }),
      nap: (millis) =>
        Effect.gen(function* () {
          const seen = yield* notes
          yield* observedStep(seen, "before", 0)
          yield* Effect.sleep(millis)
          yield* observedStep(seen, `after on ${version}`, 0)
          return version
        }),
      saga: (millis) =>
        Effect.gen(function* () {
          const seen = yield* notes
          yield* Effect.forEach(["a", "b", "c"], (name) =>
            withUndo(observedStep(seen, `do ${name}`, 0), () =>
              Effect.orDie(observedStep(seen, `undo ${name}`, millis))
            )
          )
          yield* seen.note("waiting")
          yield* Effect.sleep("1 hour")
        }).pipe(saga)
    } satisfies Handlers<typeof contract>,
    // Never paused: on a busy machine a worker may need longer to come back than the usual number of attempts takes.
    { retry: { initialInterval: "20 millis", maxInterval: "200 millis", maxAttempts: 100_000 } }
  )
