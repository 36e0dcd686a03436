import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Redacted, TestClock } from "effect"
import { UnkeyVault, unkeyVault } from "../../../dev/simulators/UnkeyVault.ts"
import { UnkeyVaultLive } from "../../../src/layers/vault/UnkeyVaultLive.ts"
import { certificateKey } from "../../../src/services/vault/Purpose.ts"
import { Vault, VaultUnavailable } from "../../../src/services/vault/Vault.ts"
import { untilIo } from "../../support/untilIo.ts"
import { assertHides, traces } from "./support.ts"

const plaintext = "canary-plaintext-40de"
const token = "canary-token-88b1"

const purpose = certificateKey("app.example.com")
const encrypt = Effect.flatMap(Vault, (vault) => vault.encrypt("ws_1", Redacted.make(plaintext), purpose))
const decrypt = Effect.flatMap(Vault, (vault) => vault.decrypt("ws_1", "AAAA", purpose))
const check = Effect.flatMap(Vault, (vault) => vault.check)

const unkey = (url: string, given = token) => UnkeyVaultLive({ url, token: Option.some(Redacted.make(given)) })

const server = Effect.map(Layer.build(unkeyVault(token)), (built) => Context.get(built, UnkeyVault))

const unavailable = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, VaultUnavailable)
    const { operation, reason, status } = error
    return status === undefined ? [operation, reason] : [operation, reason, status]
  })

describe("Unkey's vault", () => {
  it.scopedLive("a wrong token is denied, and the check fails too", () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const calls = { encrypt: Effect.asVoid(encrypt), decrypt: Effect.asVoid(decrypt), check }
      for (const [operation, call] of Object.entries(calls))
        assert.deepStrictEqual(yield* unavailable(Effect.provide(call, unkey(url, "another"))), [
          operation,
          "denied",
          401
        ])
    })
  )

  it.scopedLive("every other answer is what it is, and none is quoted", () =>
    Effect.gen(function* () {
      const { disturb, url } = yield* server
      const answers: ReadonlyArray<readonly [number, string, ReadonlyArray<string | number>]> = [
        [500, `{"code":"internal","message":"${plaintext}"}`, ["unavailable", 500]],
        [503, `{"code":"unavailable","message":""}`, ["unavailable", 503]],
        [429, `{"code":"resource_exhausted"}`, ["unavailable", 429]],
        [403, `{"code":"permission_denied"}`, ["denied", 403]],
        [404, "404 page not found", ["unexpected-answer", 404]],
        [400, `{"code":"invalid_argument","message":"${plaintext}"}`, ["unexpected-answer", 400]],
        [200, `<html>${plaintext}`, ["unexpected-answer"]],
        [200, `{"encrypted":{"${plaintext}":1}}`, ["unexpected-answer"]]
      ]
      for (const [status, text, expected] of answers) {
        yield* disturb({ status, text })
        assert.deepStrictEqual(yield* unavailable(Effect.provide(encrypt, unkey(url))), ["encrypt", ...expected])
        assertHides(yield* traces(Effect.provide(encrypt, unkey(url))), [plaintext, token])
      }
    })
  )

  it.scopedLive("a 400 that is not the vault's own refuses no ciphertext for good", () =>
    Effect.gen(function* () {
      const { disturb, url } = yield* server
      yield* disturb({ status: 400, text: "<html>400 Bad Request</html>" })
      assert.deepStrictEqual(yield* unavailable(Effect.provide(decrypt, unkey(url))), [
        "decrypt",
        "unexpected-answer",
        400
      ])
    })
  )

  it.scopedLive("an answer without a plaintext is an empty one, as protojson writes it", () =>
    Effect.gen(function* () {
      const { disturb, url } = yield* server
      yield* disturb({ status: 200, text: "{}" })
      assert.strictEqual(Redacted.value(yield* Effect.provide(decrypt, unkey(url))), "")
    })
  )

  it.scopedLive("a redirect is not followed: token and plaintext go to no other server", () =>
    Effect.gen(function* () {
      const { disturb, url } = yield* server
      const foreign = yield* server
      yield* disturb({
        status: 307,
        text: "",
        headers: { location: `${foreign.url}/vault.v1.VaultService/Encrypt` }
      })
      assert.deepStrictEqual(yield* unavailable(Effect.provide(encrypt, unkey(url))), [
        "encrypt",
        "unexpected-answer",
        307
      ])
    })
  )

  it.scopedLive("a network failure shows neither token nor plaintext: not in the error, the log or a span", () =>
    Effect.gen(function* () {
      // Port 1 of this machine has no listener.
      const left = yield* traces(Effect.provide(encrypt, unkey("http://127.0.0.1:1")).pipe(Effect.withSpan("caller")))
      assert.include(left, "vault encrypt: unreachable")
      assert.include(left, "Vault.encrypt")
      assertHides(left, [token, plaintext])
    })
  )

  it.scoped("a vault that does not answer costs 10 s", () =>
    Effect.gen(function* () {
      const { disturb, url } = yield* server
      yield* disturb({ after: "1 hour" })
      const running = yield* Effect.fork(unavailable(Effect.provide(encrypt, unkey(url))))
      // The timers of the call and of the late response.
      yield* untilIo(Effect.map(TestClock.sleeps(), (sleeps) => sleeps.length >= 2))
      yield* TestClock.adjust("9999 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(running), ["encrypt", "timeout"])
    })
  )
})
