import { assert, it } from "@effect/vitest"
import { RestatePromise } from "@restatedev/restate-sdk"
import { Effect, Schema } from "effect"
import { Contract } from "../../src/contract/Contract.ts"
import { implement } from "../../src/contract/Implementation.ts"
import { fromContext } from "../../src/operations/fromContext.ts"
import { invocation } from "../../src/operations/Invocation.ts"
import { send, signal } from "../../src/operations/Messaging.ts"
import { requestInfo } from "../../src/operations/Request.ts"
import { step } from "../../src/operations/Step.ts"
import { crashMatrix } from "../../src/testing/CrashMatrix.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../../src/testing/MemoryRestate.ts"

const Relay = Contract.object("Relay", {
  Lead: { output: Schema.Array(Schema.String) },
  Follow: { output: Schema.String }
})

const relay = (said: Array<string>) =>
  implement(Relay, {
    Lead: () =>
      Effect.gen(function* () {
        const sent = yield* send(Relay, "follower", "Follow", undefined, { headers: { "x-leader": "a" } })
        const follower = invocation(yield* sent.invocationId)
        const count = yield* fromContext("count", () => RestatePromise.resolve(3))
        yield* follower.signal("go", Schema.Number, count)
        const first = yield* follower.attach(Relay, "Follow")
        return [first, yield* follower.attach(Relay, "Follow")]
      }).pipe(Effect.orDie),
    Follow: () =>
      Effect.gen(function* () {
        const { headers } = yield* requestInfo
        const count = yield* signal("go", Schema.Number)
        const text = `${headers.get("x-leader")} ${count}`
        yield* step(
          "say",
          Effect.sync(() => {
            if (said.at(-1) !== text) said.push(text)
          })
        )
        return text
      })
  })

const scenario = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const said: Array<string> = []
    const engine = new MemoryRestate({ ...options, fromContext: { count: () => 3 } })
    yield* engine.serve(relay(said))
    const answer = yield* engine.call(Relay, "leader", "Lead", undefined)
    return { answer, said }
  })

it.effect("a signal, an attachment and an operation of the context come once, wherever the process dies", () =>
  Effect.gen(function* () {
    const { points } = yield* crashMatrix(scenario, { pairs: 100 })
    for (const kind of ["send-signal", "signal", "attach", "context"])
      assert.isTrue(
        points.some((point) => point.kind === kind),
        kind
      )
    assert.deepStrictEqual(yield* scenario({}), { answer: ["a 3", "a 3"], said: ["a 3"] })
  })
)

it.effect("an operation of the context that a scenario does not know pauses its invocation", () =>
  Effect.gen(function* () {
    const engine = new MemoryRestate()
    yield* engine.serve(relay([]))
    const paused = yield* Effect.flip(engine.call(Relay, "leader", "Lead", undefined))
    assert.strictEqual(paused._tag, "InvocationPaused")
    assert.include(JSON.stringify(paused), "TypeError")
  })
)
