import { Deferred, Effect, Layer, Logger, Schema } from "effect"
import { type AttemptRetry, Contract, implement, step } from "effect-restate"
import { Restate } from "effect-restate/node"
import { RestateClient, testRestate } from "../stack/Restate.ts"

const contractOf = (name: string) =>
  Contract.object(name, {
    /** Fails in its step until `mended` says otherwise. */
    Fail: {},
    /** Fails in its step with an error that is declared with a schema. */
    Decline: {},
    /** Waits an hour. */
    Nap: {},
    /** Waits an hour, with an input. */
    NapFor: { input: Schema.Struct({ id: Schema.String }) },
    /** Waits an hour and holds no key. */
    Doze: { mode: "shared" },
    /** A step that does not end before the test does. */
    Hold: {}
  })

/** A secret that no log, table or metric may contain. */
export const secretText = "s3cr3t-of-a-failure"

/** A failure that passes with time, with a text of its own. */
class WorldAway extends Schema.TaggedError<WorldAway>()("WorldAway", { detail: Schema.String }) {
  readonly retryable = true as const

  override get message(): string {
    return `World.ask: ${this.detail}`
  }
}

/** Whether `Fail` passes. */
export const mended = { current: false }

const objectOf = (name: string, retry: AttemptRetry) =>
  implement(
    contractOf(name),
    {
      Fail: () =>
        step(
          "do-the-work",
          Effect.suspend(() => (mended.current ? Effect.void : Effect.die(new Error(secretText))))
        ),
      Decline: () => step("ask-the-world", Effect.fail(new WorldAway({ detail: "no answer" }))),
      Nap: () => Effect.sleep("1 hour"),
      NapFor: () => Effect.sleep("1 hour"),
      Doze: () => Effect.sleep("1 hour"),
      Hold: () => step("hold-on", Effect.flatMap(Deferred.make<void>(), Deferred.await))
    },
    { retry }
  )

/** Pauses after two attempts. */
export const hasty = "test.v1.Hasty"
/** Never pauses while a test runs. */
export const dogged = "test.v1.Dogged"

/** A Restate server with both objects, whose attempts are suspended as soon as they wait. */
export const watchedServer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const services = [
      objectOf(hasty, { initialInterval: "20 millis", maxAttempts: 2 }),
      objectOf(dogged, { initialInterval: "20 millis", maxInterval: "5 seconds", factor: 4, maxAttempts: 10_000 })
    ]
    const { host, port } = yield* Restate.listen({ services, host: "127.0.0.1", port: 0, drain: 0 })
    yield* restate.register(`http://${host}:${port}`)
  })
).pipe(
  // Failures here are intended.
  Layer.provide(Logger.remove(Logger.defaultLogger)),
  Layer.provideMerge(testRestate({ inactivityTimeout: 0 }))
)
