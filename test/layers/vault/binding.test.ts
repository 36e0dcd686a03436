import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { VaultServer, vaultServer } from "../../../dev/simulators/VaultServer.ts"
import { certificateKey, clickhousePassword, type Purpose } from "../../../src/services/vault/Purpose.ts"
import { DecryptionRefused, Vault, VaultUnavailable } from "../../../src/services/vault/Vault.ts"
import { assertHides, givenToken, traces, vaultOf } from "./support.ts"

const plaintext = "canary-plaintext-3d19"
const purpose = certificateKey("app.example.com")
const another = clickhousePassword("ws_1")

/** One server and two workers: one binds ciphertexts, the other is an earlier version or has the setting off. */
const prepared = Effect.gen(function* () {
  const server = Context.get(yield* Layer.build(vaultServer()), VaultServer)
  const token = yield* server.createToken({ ttl: 3_600 })
  const open = (associatedData: boolean) =>
    Layer.build(vaultOf(Effect.succeed(givenToken(token)), { associatedData })).pipe(
      Effect.provideService(VaultServer, server),
      Effect.map((built) => Context.get(built, Vault))
    )
  return { server, binding: yield* open(true), plain: yield* open(false) }
})

const encrypt = (vault: Vault["Type"]) => vault.encrypt("ws_1", Redacted.make(plaintext), purpose)
const decrypt = (vault: Vault["Type"], ciphertext: string, as: Purpose) =>
  Effect.map(vault.decrypt("ws_1", ciphertext, as), Redacted.value)
const assertRefused = (vault: Vault["Type"], ciphertext: string, as = purpose) =>
  Effect.map(Effect.flip(decrypt(vault, ciphertext, as)), (error) => assert.instanceOf(error, DecryptionRefused))

describe("a ciphertext of HashiCorp Vault", () => {
  it.scopedLive("that was written without associated data, by an earlier version or the API, is decrypted", () =>
    Effect.gen(function* () {
      const { binding, plain } = yield* prepared
      const ciphertext = yield* encrypt(plain)
      assert.match(ciphertext, /^vault:v1:/)
      for (const as of [purpose, another]) assert.strictEqual(yield* decrypt(binding, ciphertext, as), plaintext)
    })
  )

  it.scopedLive("that is bound is decrypted with vault.associated_data off too, for its purpose alone", () =>
    Effect.gen(function* () {
      const { binding, plain } = yield* prepared
      const ciphertext = yield* encrypt(binding)
      assert.match(ciphertext, /^aad:v1:vault:v1:/)
      assert.strictEqual(yield* decrypt(plain, ciphertext, purpose), plaintext)
      yield* assertRefused(plain, ciphertext, another)
    })
  )

  it.scopedLive("is refused when its marker is taken off, or put on where it was not", () =>
    Effect.gen(function* () {
      const { binding, plain } = yield* prepared
      const ciphertext = yield* encrypt(binding)
      yield* assertRefused(binding, ciphertext.replace("aad:v1:", ""))
      yield* assertRefused(binding, `aad:v1:${yield* encrypt(plain)}`)
    })
  )

  it.scopedLive(
    "of a Vault that ignores associated data bears no marker, says so, and is decrypted after its upgrade",
    () =>
      Effect.gen(function* () {
        const { binding, server } = yield* prepared
        yield* server.ignoreAssociatedData(true)
        assert.isFalse(yield* binding.bindsPurpose)
        const left = yield* traces(encrypt(binding))
        assert.include(left, "a ciphertext is not bound to its row")
        assertHides(left, [plaintext])
        const ciphertext = yield* encrypt(binding)
        assert.match(ciphertext, /^vault:v1:/)
        yield* server.ignoreAssociatedData(false)
        assert.strictEqual(yield* decrypt(binding, ciphertext, purpose), plaintext)
        assert.isTrue(yield* binding.bindsPurpose)
        yield* assertRefused(binding, yield* encrypt(binding), another)
      })
  )

  it.scopedLive("under a key whose type has no associated data is written without, and says so", () =>
    Effect.gen(function* () {
      const { binding, server } = yield* prepared
      const errors = ["'[0].associated_data' provided for non-AEAD cipher suite rsa-4096"]
      yield* server.disturb(({ body }) =>
        "associated_data" in body ? { answer: { status: 400, json: { errors } } } : undefined
      )
      const left = yield* traces(encrypt(binding))
      assert.include(left, "a ciphertext is not bound to its row")
      const ciphertext = yield* encrypt(binding)
      assert.match(ciphertext, /^vault:v1:/)
      assert.strictEqual(yield* decrypt(binding, ciphertext, another), plaintext)
    })
  )

  it.scopedLive("is not written at all while the test of its binding has no answer", () =>
    Effect.gen(function* () {
      const { binding, server } = yield* prepared
      for (const [status, json] of [
        [503, {}],
        [403, { errors: ["permission denied"] }],
        // A proxy's response is not Vault's.
        [400, "<html>"]
      ] as const) {
        yield* server.disturb(({ path }) => (path.includes("/decrypt/") ? { answer: { status, json } } : undefined))
        assert.instanceOf(yield* Effect.flip(encrypt(binding)), VaultUnavailable)
        assert.instanceOf(yield* Effect.flip(binding.bindsPurpose), VaultUnavailable)
      }
    })
  )
})
