import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient } from "../../../../../test/support/stack/Restate.ts"
import { call, eventually, freshKey, type It, send } from "../Caller.ts"
import { bytesOf } from "./bytes.ts"

/** Waits until the blocked invocation is about to block, and lets it. */
const unblock = (key: string) =>
  Effect.zipRight(
    eventually(Effect.map(call(`AwakeableHolder/${key}/hasAwakeable`), (has) => assert.strictEqual(has, true))),
    call(`AwakeableHolder/${key}/unlock`, "cancel")
  )

/** The cancellation may come before the invocation blocks, so it is repeated. The runner's key is held until it is cancelled. */
const verified = <E, R>(key: string, cancel: Effect.Effect<unknown, E, R>) =>
  Effect.zipRight(
    eventually(
      Effect.gen(function* () {
        yield* cancel
        const canceled = yield* Effect.timeout(call(`CancelTestRunner/${key}/verifyTest`), "1 second")
        assert.strictEqual(canceled, true)
      })
    ),
    eventually(call(`CancelTestBlockingService/${key}/isUnlocked`))
  )

export const cancellation = (it: It) =>
  describe.concurrent("Cancellation", () => {
    for (const operation of ["CALL", "SLEEP", "AWAKEABLE"]) {
      it.effect(`cancelFromAdminAPI: of an invocation that is blocked on ${operation}`, () =>
        Effect.gen(function* () {
          const client = yield* RestateClient
          const key = yield* freshKey
          const id = yield* send(`CancelTestRunner/${key}/startTest`, operation)
          yield* unblock(key)
          // Refused once the invocation is over.
          yield* verified(key, Effect.ignore(client.cancel(id)))
        })
      )

      it.effect(`cancelFromContext: of an invocation that is blocked on ${operation}`, () =>
        Effect.gen(function* () {
          const key = yield* freshKey
          const id = yield* call("Proxy/oneWayCall", {
            serviceName: "CancelTestRunner",
            virtualObjectKey: key,
            handlerName: "startTest",
            message: bytesOf(operation)
          })
          yield* unblock(key)
          yield* verified(key, call("TestUtilsService/cancelInvocation", id))
        })
      )
    }
  })
