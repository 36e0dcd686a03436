import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { call, freshKey, type It } from "../Caller.ts"
import { Deployment } from "../Deployment.ts"

export const proxyRequestSigning = (it: It) =>
  describe.concurrent("ProxyRequestSigning", () => {
    it.effect("requestSigningPass: requests that the server has signed are served, and others are not", () =>
      Effect.gen(function* () {
        const { endpoint } = yield* Deployment
        const key = yield* freshKey
        yield* call(`Counter/${key}/add`, 1)
        assert.strictEqual(yield* call(`Counter/${key}/get`), 1)
        const unsigned = yield* HttpClient.get(`${endpoint.url}/discover`)
        assert.strictEqual(unsigned.status, 401)
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )
  })
