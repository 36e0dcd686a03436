import { Context, Effect, Option, Schema } from "effect"
import { Contract, implement, type ObjectOptions, stateCell, step } from "effect-restate"

/** A service behind every step, as workflows have. */
export class Numbers extends Context.Tag("ctrl-worker/bench/Numbers")<
  Numbers,
  { readonly echo: (number: number) => Effect.Effect<number> }
>() {}

const numbers = [0, 1, 2, 3, 4]
const many = Array.from({ length: 1_000 }, (_, index) => index)
const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)
const total = stateCell("total", Schema.Number)

const contract = (name: string) =>
  Contract.object(name, {
    add: { input: Schema.Struct({ by: Schema.Number }), output: Schema.Number },
    sequential: { output: Schema.Number },
    parallel: { output: Schema.Number },
    wide: { output: Schema.Number }
  })

const echo = (number: number) =>
  Effect.flatMap(Numbers, (service) => step(`step-${number}`, service.echo(number), { output: Schema.Number }))

/** The same handlers on the bridge: typed state, typed steps, a service from the context. */
export const bridged = (name: string, options: ObjectOptions) =>
  implement(
    contract(name),
    {
      add: ({ by }: { readonly by: number }) =>
        Effect.gen(function* () {
          const before = Option.getOrElse(yield* total.get, () => 0)
          yield* total.set(before + by)
          return before + by
        }),
      sequential: () => Effect.map(Effect.forEach(numbers, echo), sum),
      parallel: () => Effect.map(Effect.forEach(numbers, echo, { concurrency: "unbounded" }), sum),
      wide: () => Effect.map(Effect.forEach(many, echo, { concurrency: "unbounded" }), sum)
    },
    options
  )
