import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Option } from "effect"
import { RestateClient } from "../../../../../test/support/stack/Restate.ts"
import { Ingress } from "../../../src/ingress.ts"
import { call, eventually, freshKey, type It } from "../Caller.ts"
import { Counter } from "../services/Counter.ts"
import { bytesOf, readBytes } from "./bytes.ts"

const addOne = (virtualObjectKey: string) => ({
  serviceName: "Counter",
  virtualObjectKey,
  handlerName: "add",
  message: bytesOf(1)
})

const counts = (key: string, expected: number) =>
  eventually(Effect.map(call(`Counter/${key}/get`), (count) => assert.strictEqual(count, expected)))

const added = { oldValue: 0, newValue: 1 }

/** What the invocation with this idempotency key has answered. */
const outputOf = (key: string, idempotencyKey: string) =>
  Effect.gen(function* () {
    const { ingress: url } = yield* RestateClient
    const client = yield* Effect.provide(Ingress, Ingress.layer({ url }))
    return Option.getOrUndefined(yield* client.output(Counter, "add", { key, idempotencyKey }))
  })

export const serviceToService = (it: It) =>
  describe.concurrent("ServiceToServiceCommunication", () => {
    it.effect("regularCall: a call answers what its handler answers", () =>
      Effect.gen(function* () {
        const request = { serviceName: "TestUtilsService", handlerName: "uppercaseEcho", message: bytesOf("ping") }
        assert.deepStrictEqual(yield* call("Proxy/call", request), bytesOf("PING"))
      })
    )

    it.effect("oneWayCall: a message is delivered", () =>
      Effect.gen(function* () {
        const key = yield* freshKey
        yield* call("Proxy/oneWayCall", addOne(key))
        yield* counts(key, 1)
      })
    )

    it.effect("oneWayCallWithIdempotencyKey: a message with a key is one invocation, which is known by the key", () =>
      Effect.gen(function* () {
        const [key, idempotencyKey] = [yield* freshKey, yield* freshKey]
        const request = { ...addOne(key), idempotencyKey }
        const id = yield* call("Proxy/oneWayCall", request)
        assert.strictEqual(yield* call("Proxy/oneWayCall", request), id)
        yield* counts(key, 1)
        assert.deepStrictEqual(yield* outputOf(key, idempotencyKey), added)
      })
    )

    it.effect("callWithIdempotencyKey: a call with a key is one invocation, which is known by the key", () =>
      Effect.gen(function* () {
        const [key, idempotencyKey] = [yield* freshKey, yield* freshKey]
        const request = { ...addOne(key), idempotencyKey }
        assert.deepStrictEqual(readBytes(yield* call("Proxy/call", request)), added)
        assert.deepStrictEqual(readBytes(yield* call("Proxy/call", request)), added)
        yield* counts(key, 1)
        assert.deepStrictEqual(yield* outputOf(key, idempotencyKey), added)
      })
    )

    it.effect("oneWayCallWithDelay: a message waits before it takes its place at the key, not after", () =>
      Effect.gen(function* () {
        const key = yield* freshKey
        const delayMillis = 2_000
        const started = yield* Clock.currentTimeMillis
        for (let sent = 0; sent < 10; sent++) yield* call("Proxy/oneWayCall", { ...addOne(key), delayMillis })
        yield* counts(key, 10)
        const elapsed = (yield* Clock.currentTimeMillis) - started
        assert.isAtLeast(elapsed, delayMillis)
        assert.isBelow(elapsed, 10 * delayMillis)
      })
    )
  })
