import { randomBytes } from "node:crypto"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient } from "../../../../../test/support/stack/Restate.ts"
import { freshKey, type It } from "../Caller.ts"

export const ingress = (it: It) =>
  describe.concurrent("Ingress", () => {
    it.effect("headersPassThrough: a handler sees the headers of its request", () =>
      Effect.gen(function* () {
        const client = yield* RestateClient
        const headers = { "x-my-custom-header": "x-my-custom-value", "idempotency-key": yield* freshKey }
        const { body, status } = yield* client.call("TestUtilsService/echoHeaders", undefined, headers)
        assert.strictEqual(status, 200)
        assert.propertyVal(body, "x-my-custom-header", "x-my-custom-value")
      })
    )

    it.effect("rawHandler: bytes that are no JSON go in and come out as they are", () =>
      Effect.gen(function* () {
        const client = yield* RestateClient
        const bytes = new Uint8Array(randomBytes(100))
        const request = HttpClientRequest.post(`${client.ingress}/TestUtilsService/rawEcho`).pipe(
          HttpClientRequest.setHeader("idempotency-key", yield* freshKey),
          HttpClientRequest.setBody(HttpBody.uint8Array(bytes, "application/octet-stream"))
        )
        const response = yield* HttpClient.execute(request)
        assert.strictEqual(response.status, 200)
        assert.strictEqual(response.headers["content-type"], "application/octet-stream")
        assert.deepStrictEqual(new Uint8Array(yield* response.arrayBuffer), bytes)
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )
  })
