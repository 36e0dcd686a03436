import { Effect, Option, Schema } from "effect"
import { awakeable, Contract, call, implement, resolveAwakeable, stateCell } from "../../../src/index.ts"
import { Terminal } from "../services/Terminal.ts"

const BlockingProxy = Contract.service("BlockingProxy", { block: { input: Schema.String, output: Schema.String } })

const Blocker = Contract.object("Blocker", {
  run: { output: Schema.String },
  getAwakeable: { output: Schema.String, mode: "shared" },
  getResult: { output: Schema.String, mode: "shared" },
  resolveAwakeable: { input: Schema.String, error: Terminal, mode: "shared" }
})

const id = stateCell("awk", Schema.String)
const result = stateCell("result", Schema.String)
const orEmpty = Option.getOrElse(() => "")

const BlockerLive = implement(Blocker, {
  run: () =>
    Effect.gen(function* () {
      const waiting = yield* awakeable(Schema.String)
      yield* id.set(waiting.id)
      const value = yield* waiting.result
      yield* result.set(value)
      return value
    }),
  getAwakeable: () => Effect.map(id.get, orEmpty),
  getResult: () => Effect.map(result.get, orEmpty),
  resolveAwakeable: (value) =>
    Effect.gen(function* () {
      const registered = orEmpty(yield* id.get)
      if (registered === "") return yield* new Terminal({ reason: "no awakeable is registered yet" })
      yield* resolveAwakeable(registered, Schema.String, value)
    })
})

/** How many handlers of this process run at once, which only a process that serves them can count. */
export interface Running {
  now: number
  most: number
}

/** What the suite itself serves: a handler that waits for another one, and counts itself for as long as it runs. */
export const blockingProxy = (running: Running) => {
  const enter = Effect.sync(() => {
    running.now += 1
    running.most = Math.max(running.most, running.now)
  })
  const leave = Effect.sync(() => {
    running.now -= 1
  })
  return [
    implement(BlockingProxy, {
      block: (key) =>
        Effect.acquireUseRelease(
          enter,
          () => call(Blocker, key, "run", undefined),
          () => leave
        )
    }),
    BlockerLive
  ]
}
