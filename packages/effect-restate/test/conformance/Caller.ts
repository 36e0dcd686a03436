import { randomUUID } from "node:crypto"
import { assert, type Vitest } from "@effect/vitest"
import { Effect, Schedule, Schema } from "effect"
import { type Reply, RestateClient } from "../../../../test/support/stack/Restate.ts"
import type { Deployment } from "./Deployment.ts"

/** Tests on the real clock, against one deployment. */
export type It = Vitest.MethodsNonLive<Deployment | RestateClient, true>

/** A key that no case has used. */
export const freshKey: Effect.Effect<string> = Effect.sync(() => randomUUID())

const withIdempotencyKey = Effect.map(freshKey, (key) => ({ "idempotency-key": key }))

const asked = (path: string, input: unknown) =>
  Effect.gen(function* () {
    const client = yield* RestateClient
    return yield* Effect.orDie(client.call(path, input, yield* withIdempotencyKey))
  })

const outputOf = ({ body, status }: Reply): unknown => {
  assert.strictEqual(status, 200, JSON.stringify(body))
  return body
}

const Refusal = Schema.Struct({
  message: Schema.String,
  metadata: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })
})

const refusalOf = ({ body, status }: Reply): typeof Refusal.Type => {
  assert.isAtLeast(status, 400, JSON.stringify(body))
  return Schema.decodeUnknownSync(Refusal)(body)
}

/** Calls `Service/handler` or `Object/key/handler` with a new idempotency key, and answers with its output. */
export const call = (path: string, input?: unknown) => Effect.map(asked(path, input), outputOf)

/** The same for a handler that fails. */
export const failingCall = (path: string, input?: unknown) => Effect.map(asked(path, input), refusalOf)

/** Sends to a handler with a new idempotency key, and answers with the invocation's id. */
export const send = (path: string, input?: unknown) =>
  Effect.gen(function* () {
    const client = yield* RestateClient
    return yield* Effect.orDie(client.send(path, input, yield* withIdempotencyKey))
  })

const attached = (id: string) => Effect.flatMap(RestateClient, (client) => Effect.orDie(client.attach(id)))

/** Waits for the output of an invocation. */
export const attach = (id: string) => Effect.map(attached(id), outputOf)

/** Waits for the failure of an invocation. */
export const failingAttach = (id: string) => Effect.map(attached(id), refusalOf)

/** Repeats a check until it passes, and fails with what it failed with last. */
export const eventually = <A, E, R>(check: Effect.Effect<A, E, R>): Effect.Effect<A, never, R> =>
  check.pipe(
    Effect.sandbox,
    Effect.retry(Schedule.intersect(Schedule.spaced("50 millis"), Schedule.upTo(Schedule.forever, "30 seconds"))),
    Effect.orDie
  )
