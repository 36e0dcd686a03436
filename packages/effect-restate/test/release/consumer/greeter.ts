import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Schema } from "effect"
import { Contract, implement, step } from "effect-restate"
import { Restate } from "effect-restate/node"

const Greeter = Contract.object("Greeter", { Greet: { input: Schema.String, output: Schema.String } })

const GreeterLive = implement(Greeter, {
  Greet: (name) =>
    Effect.gen(function* () {
      const greeting = yield* step("greet", Effect.succeed(`Hello ${name}`), { output: Schema.String })
      yield* Effect.sleep("100 millis")
      return greeting
    })
})

Config.port("PORT").pipe(
  Effect.flatMap((port) => Restate.serve({ services: [GreeterLive], host: "127.0.0.1", port })),
  NodeRuntime.runMain
)
