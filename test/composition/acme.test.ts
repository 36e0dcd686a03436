import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FileSystem } from "@effect/platform"
import { assert, describe, it, layer } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Option, Redacted } from "effect"
import { StandInCa, standInCa } from "../../dev/simulators/StandInCa.ts"
import { Pebble } from "../../dev/stack/Pebble.ts"
import { CertificateAuthority } from "../../src/composition/certificates.ts"
import { describeConfig, loadWorkerConfig, WorkerConfig } from "../../src/config.ts"
import { Acme } from "../../src/services/certificate/Acme.ts"
import { Pki } from "../../src/services/certificate/Pki.ts"
import { pebbleWorld } from "../support/acme/pebbleWorld.ts"
import { named } from "../support/named.ts"

const hmacKey = Buffer.from("the secret of an external account").toString("base64url")

const load = (env: Readonly<Record<string, string>>) => {
  const given = { WORKER_DATABASE_PRIMARY: "app@tcp(db:3306)/unkey", WORKER_CNAME_DOMAIN: "cname.test", ...env }
  return loadWorkerConfig([]).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(given)), { pathDelim: "_" }))
  )
}

const problems = (env: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(load(env)), (failure) =>
    failure.problems.map(({ problem, setting }) => `${setting}: ${problem}`)
  )

const authority = (env: Readonly<Record<string, string>>) =>
  CertificateAuthority.pipe(Layer.provide(Layer.effect(WorkerConfig, load(env))))

describe("the settings of the certificate authority", () => {
  it.effect("are those of Let's Encrypt when none is given", () =>
    Effect.gen(function* () {
      const { acme } = yield* load({})
      assert.strictEqual(acme.directoryUrl, "https://acme-v02.api.letsencrypt.org/directory")
      const others: ReadonlyArray<Option.Option<unknown>> = [
        acme.profile,
        acme.externalAccount,
        acme.preferredChain,
        acme.directoryCaFile
      ]
      for (const absent of others) assert.isTrue(Option.isNone(absent))
    })
  )

  it.effect("an external account is there whole or not at all, and its key is printed nowhere", () =>
    Effect.gen(function* () {
      const keyId = { WORKER_ACME_EXTERNAL_ACCOUNT_KEY_ID: "kid-1" }
      const both = { ...keyId, WORKER_ACME_EXTERNAL_ACCOUNT_HMAC_KEY: hmacKey }
      const config = yield* load(both)
      const account = Option.getOrThrow(config.acme.externalAccount)
      assert.strictEqual(account.keyId, "kid-1")
      assert.strictEqual(Redacted.value(account.hmacKey), hmacKey)
      const printed = describeConfig(config)
      assert.deepInclude(printed, {
        "acme.external_account.key_id": "kid-1",
        "acme.external_account.hmac_key": "<redacted>"
      })
      assert.notInclude(JSON.stringify(printed), hmacKey)
      assert.deepStrictEqual(yield* problems(keyId), [
        "acme.external_account.hmac_key (WORKER_ACME_EXTERNAL_ACCOUNT_HMAC_KEY): is required because the other half of the external account is set"
      ])
    })
  )

  it.effect(
    "a directory that is not https, and a key that is not base64url, are refused, and the key is not quoted",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* problems({ WORKER_ACME_DIRECTORY_URL: "http://ca.test/dir" }), [
          "acme.directory_url (WORKER_ACME_DIRECTORY_URL): expected an https:// address"
        ])
        const found = yield* problems({
          WORKER_ACME_EXTERNAL_ACCOUNT_KEY_ID: "kid-1",
          WORKER_ACME_EXTERNAL_ACCOUNT_HMAC_KEY: "not a key!"
        })
        assert.deepStrictEqual(found, [
          "acme.external_account.hmac_key (WORKER_ACME_EXTERNAL_ACCOUNT_HMAC_KEY): expected a key in base64url, as the certificate authority gives it out"
        ])
      })
  )

  it.effect("a file of roots that is missing, or is none, is for a person, and the message names the setting", () =>
    Effect.gen(function* () {
      const failureWith = (file: string) =>
        Effect.flip(Effect.scoped(Layer.build(authority({ WORKER_ACME_DIRECTORY_CA_FILE: file }))))
      const missing = yield* failureWith("/there/is/no/such.pem")
      assert.include(missing.message, "/there/is/no/such.pem cannot be read. Check acme.directory_ca_file")
      const mistaken = yield* failureWith(import.meta.filename)
      assert.include(mistaken.message, "holds no certificates in PEM")
    })
  )
})

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "authority-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

layer(standInCa())("a worker with settings for its own certificate authority", (it) => {
  it.scoped("trusts it, and tells it the address, the profile and the external account of the settings", () =>
    Effect.gen(function* () {
      const standIn = yield* StandInCa
      const file = join(yield* folder, "roots.pem")
      yield* Effect.promise(() => writeFile(file, standIn.tlsRoot))
      const configured = authority({
        WORKER_ACME_DIRECTORY_URL: standIn.directoryUrl,
        WORKER_ACME_DIRECTORY_CA_FILE: file,
        WORKER_ACME_EMAIL_DOMAIN: "example.test",
        WORKER_ACME_PROFILE: "shortlived",
        WORKER_ACME_EXTERNAL_ACCOUNT_KEY_ID: "kid-1",
        WORKER_ACME_EXTERNAL_ACCOUNT_HMAC_KEY: hmacKey
      })
      yield* Effect.provide(
        Effect.gen(function* () {
          const client = yield* Acme
          const key = yield* (yield* Pki).generateAccountKey
          const url = yield* client.register(key)
          yield* client.createOrder({ key, url }, { names: [named("a.test")] })
        }),
        configured
      )
      const [registration, order] = (yield* standIn.received).flatMap(({ payload }) => (payload ? [payload] : []))
      assert.deepNestedInclude(registration, { contact: ["mailto:acme@example.test"] })
      assert.nestedProperty(registration, "externalAccountBinding.signature")
      assert.deepInclude(order, { profile: "shortlived" })
    })
  )
})

layer(pebbleWorld(), { excludeTestServices: true })("a worker with settings for a test certificate authority", (it) => {
  it.scoped("trusts the file that the authority leaves for other processes", () =>
    Effect.gen(function* () {
      const { directoryUrl, tlsRootFile } = yield* Pebble
      const configured = authority({
        WORKER_ACME_DIRECTORY_URL: directoryUrl,
        WORKER_ACME_DIRECTORY_CA_FILE: tlsRootFile
      })
      const url = yield* Effect.provide(
        Effect.gen(function* () {
          return yield* (yield* Acme).register(yield* (yield* Pki).generateAccountKey)
        }),
        configured
      )
      assert.strictEqual(new URL(url).host, new URL(directoryUrl).host)
    })
  )
})
