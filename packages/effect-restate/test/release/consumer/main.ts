import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Schema } from "effect"
import { bind, Contract, implement, silentObserver, step } from "effect-restate"
import { countSteps, serveEndpoint, virtualObject } from "effect-restate/node"

const Greeter = Contract.object("Greeter", { Greet: { input: Schema.String, output: Schema.String } })

const GreeterWorkflows = implement(Greeter, {
  Greet: (name) =>
    Effect.gen(function* () {
      const greeting = yield* step("greet", Effect.succeed(`Hello ${name}`), { output: Schema.String })
      yield* Effect.sleep("100 millis")
      return greeting
    })
})

const serve = Effect.gen(function* () {
  const steps = countSteps(silentObserver)
  const objects = [virtualObject(bind(GreeterWorkflows, yield* Effect.runtime(), steps.observer))]
  const port = yield* Config.port("PORT")
  yield* serveEndpoint(objects, steps, { host: "127.0.0.1", port, identityKeys: [], drain: "1 second" })
})

Layer.launch(Layer.scopedDiscard(serve)).pipe(NodeRuntime.runMain)
