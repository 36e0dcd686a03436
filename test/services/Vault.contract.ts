import { inspect } from "node:util"
import { assert, layer } from "@effect/vitest"
import { Array as Arr, Cause, Effect, type Layer, Redacted } from "effect"
import { KeyringRefused } from "../../src/services/vault/Keyring.ts"
import { acmeAccountKey, certificateKey, clickhousePassword } from "../../src/services/vault/Purpose.ts"
import { DecryptionRefused, Vault } from "../../src/services/vault/Vault.ts"

export interface VaultTraits<R> {
  /** Rotates the keyring's key, if the vault supports it. */
  readonly rotate?: (keyring: string) => Effect.Effect<unknown, never, R>
  /** Whether it binds a ciphertext to its purpose. Default true. */
  readonly bindsPurpose?: boolean
  /** A test double may be deterministic and miss some damage; a vault may not. */
  readonly isDouble?: boolean
}

const plaintexts = {
  letter: "x",
  unicode: "Schlüssel 🔑 ключ\u0000\u2028",
  pem: `-----BEGIN EC PRIVATE KEY-----\n${"MHcCAQEEIBkg".repeat(12)}\n-----END EC PRIVATE KEY-----\n`,
  "many lines": Array.from({ length: 2_000 }, (_, index) => `line ${index}\r\n`).join("")
}

const purpose = certificateKey("app.example.com")

/** Another row, another column, and both. */
const otherPurposes = [
  certificateKey("other.example.com"),
  certificateKey("app.example.com "),
  certificateKey(""),
  clickhousePassword("app.example.com"),
  acmeAccountKey("app.example.com"),
  clickhousePassword("ws_bound")
]

const notKeyrings = [
  "",
  "..",
  "../../sys/seal",
  "ws_1/../ws_2",
  "ws_1/keys",
  "ws_1?x=1",
  "ws_1#f",
  "ws 1",
  "ws_1\n",
  "ws%2f1",
  "-ws",
  "ws-",
  "{{name}}",
  "w".repeat(256)
]

/** Another character in the same alphabet, at this place. */
const changedAt = (text: string, index: number): string =>
  `${text.slice(0, index)}${text.charAt(index) === "A" ? "B" : "A"}${text.slice(index + 1)}`

/** Promises of every vault. Each guarantee uses its own keyring, so that each is the first to use it. */
export const vaultContract = <E, R = never>(
  name: string,
  vaults: Layer.Layer<Vault | R, E>,
  traits: VaultTraits<R> = {}
): void =>
  layer(vaults, { excludeTestServices: true })(`Vault: ${name}`, (it) => {
    const guarantee = <A, E2>(title: string, test: (vault: Vault["Type"]) => Effect.Effect<A, E2, R>) =>
      it.effect(title, () => Effect.flatMap(Vault, test))

    const secret = Redacted.make("canary-plaintext-5f1c")

    /** Fails as DecryptionRefused, without secrets. */
    const assertRefused = (vault: Vault["Type"], keyring: string, ciphertext: string, asPurpose = purpose) =>
      Effect.map(Effect.flip(vault.decrypt(keyring, ciphertext, asPurpose)), (error) => {
        assert.instanceOf(error, DecryptionRefused)
        assert.strictEqual(error.keyring, keyring)
        const shown = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + String(error.stack)
        assert.notInclude(shown, "canary-plaintext")
      })

    for (const [kind, plaintext] of Object.entries(plaintexts)) {
      guarantee(`what was encrypted is decrypted to the character: ${kind}`, (vault) =>
        Effect.gen(function* () {
          const ciphertext = yield* vault.encrypt("ws_whole", Redacted.make(plaintext), purpose)
          const decrypted = yield* vault.decrypt("ws_whole", ciphertext, purpose)
          assert.strictEqual(Redacted.value(decrypted), plaintext)
          assert.notInclude(inspect(decrypted, { showHidden: true }) + JSON.stringify(decrypted), plaintext)
        })
      )
    }

    guarantee("nothing of a plaintext can be read in its ciphertext, which is printable text of one line", (vault) =>
      Effect.gen(function* () {
        const ciphertext = yield* vault.encrypt("ws_opaque", secret, purpose)
        assert.match(ciphertext, /^[\x21-\x7e]+$/)
        assert.notInclude(ciphertext, "canary")
        assert.notInclude(ciphertext, Buffer.from("canary-plaintext").toString("base64").slice(0, 16))
      })
    )

    if (traits.isDouble !== true)
      guarantee("the same plaintext is never encrypted alike twice", (vault) =>
        Effect.gen(function* () {
          const ciphertexts = yield* Effect.replicateEffect(vault.encrypt("ws_fresh", secret, purpose), 20)
          assert.lengthOf(Arr.dedupe(ciphertexts), 20)
        })
      )

    guarantee("a ciphertext of one keyring is refused under every other, used before or not", (vault) =>
      Effect.gen(function* () {
        const ciphertext = yield* vault.encrypt("ws_own", secret, purpose)
        yield* vault.encrypt("ws_foreign", secret, purpose)
        yield* assertRefused(vault, "ws_foreign", ciphertext)
        yield* assertRefused(vault, "ws_never_used", ciphertext)
        assert.strictEqual(Redacted.value(yield* vault.decrypt("ws_own", ciphertext, purpose)), Redacted.value(secret))
      })
    )

    if (traits.bindsPurpose !== false)
      guarantee("a ciphertext that is moved to another row or column is refused there, and only there", (vault) =>
        Effect.gen(function* () {
          assert.isTrue(yield* vault.bindsPurpose)
          const ciphertext = yield* vault.encrypt("ws_bound", secret, purpose)
          yield* Effect.forEach(otherPurposes, (other) => assertRefused(vault, "ws_bound", ciphertext, other))
          const decrypted = yield* vault.decrypt("ws_bound", ciphertext, purpose)
          assert.strictEqual(Redacted.value(decrypted), Redacted.value(secret))
        })
      )
    else
      guarantee("does not claim to bind, and decrypts a ciphertext wherever it is", (vault) =>
        Effect.gen(function* () {
          assert.isFalse(yield* vault.bindsPurpose)
          const ciphertext = yield* vault.encrypt("ws_bound", secret, purpose)
          for (const other of [purpose, ...otherPurposes]) {
            const decrypted = yield* vault.decrypt("ws_bound", ciphertext, other)
            assert.strictEqual(Redacted.value(decrypted), Redacted.value(secret))
          }
        })
      )

    guarantee("what is no ciphertext is refused, also for a keyring that never encrypted", (vault) =>
      Effect.gen(function* () {
        yield* vault.encrypt("ws_known", secret, purpose)
        for (const text of [
          "",
          "x",
          "canary-plaintext-5f1c",
          "a:b:c",
          "vault:v1:",
          "vault:v9:AAAA",
          "local:v1:a::",
          "local:v2:a::",
          "aad:v1:",
          "aad:v1:vault:v1:AAAA",
          "aad:v1:aad:v1:vault:v1:AAAA",
          "A===",
          "\u0000"
        ])
          for (const keyring of ["ws_known", "ws_unknown"]) yield* assertRefused(vault, keyring, text)
      })
    )

    if (traits.isDouble !== true)
      guarantee("a ciphertext with a single character changed, or a part of one, is refused", (vault) =>
        Effect.gen(function* () {
          const ciphertext = yield* vault.encrypt("ws_damaged", secret, purpose)
          const places = Arr.makeBy(40, (step) => Math.floor((step * (ciphertext.length - 3)) / 40))
          yield* Effect.forEach(places, (place) => assertRefused(vault, "ws_damaged", changedAt(ciphertext, place)))
          yield* assertRefused(vault, "ws_damaged", ciphertext.slice(0, -8))
          yield* assertRefused(vault, "ws_damaged", ciphertext.slice(8))
        })
      )

    guarantee("a keyring that many use for the first time at once is one keyring", (vault) =>
      Effect.gen(function* () {
        const numbers = Arr.range(1, 24)
        const ciphertexts = yield* Effect.forEach(
          numbers,
          (number) => vault.encrypt("ws_rush", Redacted.make(`secret ${number}`), purpose),
          { concurrency: "unbounded" }
        )
        const decrypted = yield* Effect.forEach(ciphertexts, (text) => vault.decrypt("ws_rush", text, purpose), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          decrypted.map(Redacted.value),
          numbers.map((number) => `secret ${number}`)
        )
      })
    )

    guarantee("a name that is no plain name is no keyring: encrypting is a mistake, decrypting is refused", (vault) =>
      Effect.forEach(notKeyrings, (keyring) =>
        Effect.gen(function* () {
          const cause = yield* Effect.flip(Effect.sandbox(vault.encrypt(keyring, secret, purpose)))
          assert.instanceOf(Cause.squash(cause), KeyringRefused)
          assert.isTrue(Cause.isDie(cause))
          yield* assertRefused(vault, keyring, "vault:v1:AAAA")
        })
      )
    )

    guarantee("the ids of workspaces and the worker's own keyrings are keyrings", (vault) =>
      Effect.forEach(
        ["acme", "unkey_internal", "ws_4pqNeaNN3ZHi", "ws_local_root", "env-1", "w".repeat(255)],
        (keyring) =>
          Effect.flatMap(vault.encrypt(keyring, secret, purpose), (ciphertext) =>
            vault.decrypt(keyring, ciphertext, purpose)
          )
      )
    )

    const { rotate } = traits
    if (rotate !== undefined)
      guarantee("what was encrypted before any number of rotations is still decrypted", (vault) =>
        Effect.gen(function* () {
          const written: Array<string> = []
          for (const generation of ["one", "two", "three"]) {
            written.push(yield* vault.encrypt("ws_rotated", Redacted.make(generation), purpose))
            yield* rotate("ws_rotated")
          }
          const read = yield* Effect.forEach(written, (text) => vault.decrypt("ws_rotated", text, purpose))
          assert.deepStrictEqual(read.map(Redacted.value), ["one", "two", "three"])
        })
      )

    guarantee("a vault that answers and accepts us passes its check", (vault) => vault.check)
  })
