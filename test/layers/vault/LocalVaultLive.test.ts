import { randomBytes } from "node:crypto"
import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Array as Arr, Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { LocalVaultLive } from "../../../src/layers/vault/LocalVaultLive.ts"
import { certificateKey } from "../../../src/services/vault/Purpose.ts"
import { DecryptionRefused, Vault, VaultUnavailable } from "../../../src/services/vault/Vault.ts"
import { assertHides, temporaryFolder, traces } from "./support.ts"

const plaintext = "canary-plaintext-e07f"
const purpose = certificateKey("app.example.com")
const encrypt = Effect.flatMap(Vault, (vault) => vault.encrypt("ws_1", Redacted.make(plaintext), purpose))
const decrypt = (ciphertext: string) =>
  Effect.map(
    Effect.flatMap(Vault, (vault) => vault.decrypt("ws_1", ciphertext, purpose)),
    Redacted.value
  )

const local = (file: string) => LocalVaultLive(file).pipe(Layer.provide(NodeFileSystem.layer))

/** Another process's vault: it shares only the file. */
const open = (file: string) => Effect.map(Layer.build(local(file)), (built) => Effect.provide(built))

const newKeyFile = Effect.map(temporaryFolder, (folder) => join(folder, "deep", "keys"))
const read = (file: string) => Effect.promise(() => readFile(file, "utf8"))
const write = (file: string, content: string, mode = 0o600) => Effect.promise(() => writeFile(file, content, { mode }))
const keyLine = (id: string) => `${id} ${randomBytes(32).toString("base64")}\n`

const refused = (file: string) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(local(file)))), (error) => error.problem)

describe("a local vault", () => {
  it.scopedLive("makes its key file for its owner alone, and leaves nothing beside it", () =>
    Effect.gen(function* () {
      const file = yield* newKeyFile
      yield* open(file)
      const { mode } = yield* Effect.promise(() => stat(file))
      assert.strictEqual(mode & 0o777, 0o600)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(file, ".."))), ["keys"])
      const first = yield* read(file)
      assert.match(first, /^[0-9a-f]{12} [A-Za-z0-9+/]{43}=\n$/)
      yield* open(file)
      assert.strictEqual(yield* read(file), first)
    })
  )

  it.scopedLive("many that start at once on no file share the one key that was written first", () =>
    Effect.gen(function* () {
      const file = yield* newKeyFile
      const vaults = yield* Effect.all(Effect.replicate(open(file), 16), { concurrency: "unbounded" })
      const ciphertexts = yield* Effect.forEach(vaults, (vault) => vault(encrypt), { concurrency: "unbounded" })
      for (const vault of vaults)
        for (const ciphertext of ciphertexts) assert.strictEqual(yield* vault(decrypt(ciphertext)), plaintext)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(file, ".."))), ["keys"])
    })
  )

  it.scopedLive("the newest key encrypts and older ones decrypt, from the next call on and in every process", () =>
    Effect.gen(function* () {
      const file = yield* newKeyFile
      const one = yield* open(file)
      const two = yield* open(file)
      const old = yield* one(encrypt)
      yield* Effect.promise(() => appendFile(file, keyLine("k2")))
      const young = yield* one(encrypt)
      assert.match(young, /^local:v2:k2:/)
      assert.deepStrictEqual(yield* two(Effect.all([decrypt(old), decrypt(young)])), [plaintext, plaintext])
      const [, newest = ""] = (yield* read(file)).split("\n")
      yield* write(file, `${newest}\n`)
      assert.instanceOf(yield* Effect.flip(one(decrypt(old))), DecryptionRefused)
      assert.strictEqual(yield* one(decrypt(young)), plaintext)
    })
  )

  it.scopedLive("no part of one ciphertext fits into another, not even of the same keyring", () =>
    Effect.gen(function* () {
      const vault = yield* open(yield* newKeyFile)
      const [first, second] = yield* vault(Effect.all([encrypt, encrypt]))
      const [scheme, version, id, wrapped] = first.split(":")
      const mixed = [scheme, version, id, wrapped, second.split(":")[4]].join(":")
      assert.instanceOf(yield* Effect.flip(vault(decrypt(mixed))), DecryptionRefused)
      assert.lengthOf(Arr.dedupe([first, second].map((text) => text.split(":")[3])), 2)
    })
  )

  it.scopedLive("a key under the name of another opens nothing", () =>
    Effect.gen(function* () {
      const file = yield* newKeyFile
      const vault = yield* open(file)
      const ciphertext = yield* vault(encrypt)
      const [id = ""] = (yield* read(file)).split(" ")
      yield* write(file, keyLine(id))
      assert.instanceOf(yield* Effect.flip(vault(decrypt(ciphertext))), DecryptionRefused)
    })
  )

  it.scopedLive("a file that others may read is refused, at the start and later", () =>
    Effect.gen(function* () {
      for (const mode of [0o640, 0o604, 0o660, 0o601]) {
        const file = yield* newKeyFile
        const vault = yield* open(file)
        yield* Effect.promise(() => chmod(file, mode))
        assert.include(yield* refused(file), "others than its owner may read it")
        const error = yield* Effect.flip(Logger.withMinimumLogLevel(vault(encrypt), LogLevel.None))
        assert.instanceOf(error, VaultUnavailable)
        assert.include(error, { operation: "encrypt", reason: "unavailable" })
      }
    })
  )

  it.scopedLive("what is no key file is refused by line number, without quoting it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const secret = randomBytes(31).toString("base64")
      const contents = {
        "": "it holds no key",
        "\n\n": "it holds no key",
        [`${keyLine("k1")}k2 ${secret}\n`]: 'line 2 is not "<name> <32 bytes in base64>"',
        [`${keyLine("k:1")}`]: 'line 1 is not "<name> <32 bytes in base64>"',
        [`${keyLine("k1")}\n${keyLine("k1")}`]: "line 3 repeats a name"
      }
      for (const [index, [content, problem]] of Object.entries(contents).entries()) {
        const file = join(folder, `keys-${index}`)
        yield* write(file, content)
        assert.strictEqual(yield* refused(file), problem)
      }
      yield* Effect.promise(() => mkdir(join(folder, "directory"), { mode: 0o700 }))
      assert.include(yield* refused(join(folder, "directory")), "it cannot be read")
      assert.include(yield* refused(join(folder, "keys-0", "below")), "it cannot be created")
    })
  )

  it.scopedLive("a file that goes away makes the vault unavailable; the key and the plaintext show nowhere", () =>
    Effect.gen(function* () {
      const file = yield* newKeyFile
      const vault = yield* open(file)
      const ciphertext = yield* vault(encrypt)
      const content = yield* read(file)
      yield* Effect.promise(() => rm(file))
      const left = yield* traces(vault(encrypt).pipe(Effect.withSpan("caller")))
      assert.include(left, "vault encrypt: unavailable")
      assert.include(left, "NotFound")
      yield* write(file, content)
      const shown = yield* traces(vault(Effect.zipRight(encrypt, decrypt(`${ciphertext.slice(0, -4)}AAAA`))))
      assert.include(shown, "DecryptionRefused")
      assertHides(left + shown, [plaintext, content.trim().split(" ")[1] ?? ""])
    })
  )
})
