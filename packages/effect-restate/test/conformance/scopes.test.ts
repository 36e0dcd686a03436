import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient } from "../../../../test/support/stack/Restate.ts"
import { listen } from "../../src/node/Restate.ts"
import { call, eventually, freshKey } from "./Caller.ts"
import { blockingProxy } from "./cases/blockingProxy.ts"
import { bytesOf } from "./cases/bytes.ts"
import { deployment } from "./Deployment.ts"

const limit = 2
const blockers = ["0", "1", "2", "3"]

/** Allows this many invocations of a scope and limit key to run at once. */
const limitTo = (pattern: string, concurrency: number) =>
  Effect.gen(function* () {
    const { admin } = yield* RestateClient
    const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const rules = [{ pattern, limits: { concurrency } }]
    const request = HttpClientRequest.bodyUnsafeJson(HttpClientRequest.put(`${admin}/limits/rules`), rules)
    yield* Effect.flatMap(http.execute(request), (response) => response.text)
  }).pipe(Effect.provide(FetchHttpClient.layer))

const env = {
  RESTATE_EXPERIMENTAL_ENABLE_VQUEUES: "true",
  RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7: "true",
  // The server tells when a rule is in force to `restatectl` alone. Until then a round runs without it, and is repeated.
  RESTATE_WORKER__RULE_BOOK_POLL_INTERVAL: "250ms"
}

layer(deployment({ env }), { excludeTestServices: true, timeout: "1 minute" })("conformance, scopes", (it) => {
  describe("ServiceToServiceScopeConcurrency", () => {
    it.scoped("scopeAndLimitKeyArePropagatedOnServiceToServiceCalls: no more of them run than their rule allows", () =>
      Effect.gen(function* () {
        const client = yield* RestateClient
        const running = { now: 0, most: 0 }
        const { host, port } = yield* listen({ services: blockingProxy(running), host: "127.0.0.1", port: 0, drain: 0 })
        yield* client.register(`http://${host}:${port}`)
        const [scope, limitKey] = [`scope-${(yield* freshKey).slice(0, 8)}`, "limit"]
        yield* limitTo(`${scope}/${limitKey}`, limit)

        const sendAll = (keys: ReadonlyArray<string>) =>
          call(
            "Proxy/manyCalls",
            keys.map((key) => ({
              proxyRequest: {
                serviceName: "BlockingProxy",
                handlerName: "block",
                message: bytesOf(key),
                scope,
                limitKey
              },
              oneWayCall: true,
              awaitAtTheEnd: false
            }))
          )
        const waiting = (key: string) => Effect.map(call(`Blocker/${key}/getAwakeable`), (id) => id !== "")

        const round = Effect.gen(function* () {
          running.most = 0
          const prefix = yield* freshKey
          const unresolved = new Set(blockers.map((n) => `${prefix}-${n}`))
          yield* sendAll([...unresolved])
          while (unresolved.size > 0) {
            const key = yield* eventually(Effect.findFirst(unresolved, waiting).pipe(Effect.flatten))
            // As many run as may, before one of them ends.
            if (unresolved.size === blockers.length)
              yield* eventually(Effect.sync(() => assert.isAtLeast(running.now, limit)))
            yield* call(`Blocker/${key}/resolveAwakeable`, "done")
            unresolved.delete(key)
          }
          for (const n of blockers)
            yield* eventually(
              Effect.map(call(`Blocker/${prefix}-${n}/getResult`), (result) => assert.strictEqual(result, "done"))
            )
          assert.strictEqual(running.most, limit)
        })
        yield* eventually(round)
      })
    )
  })
})
