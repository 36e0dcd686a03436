import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Option, Redacted, Schedule } from "effect"
import { RestateIngressHttpLive } from "../../src/layers/RestateIngressHttp.ts"
import { RestateIngress } from "../../src/operations/RestateIngress.ts"
import { httpStub, type Reply } from "../support/HttpStub.ts"

const message = {
  service: "hydra.v1.KeyRefillService",
  key: "2026-01-01",
  handler: "RunRefill",
  input: {},
  idempotencyKey: "k-1"
}
const accepted: Reply = { status: 202, body: '{"invocationId":"inv_1","status":"Accepted"}' }
const key = "restate-canary-key"

const send = (url: string, times = 3) =>
  Effect.flatMap(RestateIngress, (ingress) => ingress.send(message)).pipe(
    Effect.provide(
      Layer.merge(
        RestateIngressHttpLive({
          url,
          apiKey: Option.some(Redacted.make(key)),
          retry: { delays: Schedule.forever, times }
        }),
        Logger.remove(Logger.defaultLogger)
      )
    )
  )

describe("Restate's ingress", () => {
  for (const status of [408, 429, 500, 503]) {
    it.scopedLive(`is sent the same message again after ${status}, under the same key`, () =>
      Effect.gen(function* () {
        const { received, url } = yield* httpStub((_, nth) => (nth < 3 ? { status } : accepted))
        assert.deepStrictEqual(yield* send(url), { invocationId: "inv_1", status: "Accepted" })
        assert.deepStrictEqual(
          received.map(({ body, headers, path }) => [path, headers["idempotency-key"], headers.authorization, body]),
          Array.from({ length: 3 }, () => [
            "/hydra.v1.KeyRefillService/2026-01-01/RunRefill/send",
            "k-1",
            `Bearer ${key}`,
            "{}"
          ])
        )
      })
    )
  }

  const refusals = { 400: "refused", 401: "denied", 403: "denied", 404: "not-found", 302: "unexpected-answer" } as const
  for (const [status, reason] of Object.entries(refusals)) {
    it.scopedLive(`is not asked again after ${status}`, () =>
      Effect.gen(function* () {
        const { received, url } = yield* httpStub(() => ({
          status: Number(status),
          body: '{"message":"no such service"}',
          headers: { location: "http://127.0.0.1:1/" }
        }))
        const error = yield* Effect.flip(send(url))
        assert.strictEqual(error.reason, reason)
        assert.strictEqual(error.class, "permanent")
        assert.lengthOf(received, 1)
        assert.notInclude(JSON.stringify(error) + error.message, key)
      })
    )
  }

  it.scopedLive("is given up on when it stays away, and the error says what to look at", () =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub(() => ({ status: 503 }))
      const error = yield* Effect.flip(send(url, 2))
      assert.strictEqual(error.reason, "unavailable")
      assert.lengthOf(received, 3)
      const silent = yield* Effect.flip(send("http://127.0.0.1:1", 1))
      assert.strictEqual(silent.reason, "unreachable")
      assert.include(silent.message, "check the ingress address")
    })
  )

  it.scopedLive("is not believed when it answers what Restate does not", () =>
    Effect.gen(function* () {
      const { url } = yield* httpStub(() => ({ status: 200, body: "<html>" }))
      assert.strictEqual((yield* Effect.flip(send(url))).reason, "unexpected-answer")
    })
  )
})
