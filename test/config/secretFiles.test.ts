import { generateKeyPairSync } from "node:crypto"
import { FileSystem } from "@effect/platform"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import { loadRestateAdmin } from "../../src/config/restateAdmin.ts"
import { environmentName, settingsByPath } from "../../src/config/Setting.ts"
import { fileVariable, maxSecretFileBytes } from "../../src/config/secretFiles.ts"
import { settings } from "../../src/config/settings.ts"
import { loadWorkerConfig } from "../../src/config.ts"

const database = "app:pa55word@tcp(db:3306)/unkey"
const secrets = [...settingsByPath(settings)].filter(([, { kind }]) => kind.isSecret === true).map(([path]) => path)

const withEnvironment = (env: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)), { pathDelim: "_" }))

/** Writes one file that is gone with the scope. */
const fileWith = (content: string | Uint8Array) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const file = yield* fileSystem.makeTempFileScoped()
    yield* fileSystem.writeFile(file, typeof content === "string" ? Buffer.from(content) : content)
    return file
  }).pipe(Effect.orDie)

const load = (env: Readonly<Record<string, string>>, args: ReadonlyArray<string> = []) =>
  loadWorkerConfig(args).pipe(withEnvironment({ WORKER_DATABASE_PRIMARY: database, ...env }))

const problems = (env: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(load(env)), (error) => error.problems.map(({ setting, problem }) => `${setting}: ${problem}`))

const apiKey = "restate.api_key (WORKER_RESTATE_API_KEY)"
const named = "the file that WORKER_RESTATE_API_KEY_FILE names"

describe("a file with a secret", () => {
  it("can be named for every secret setting, and its variable is the name of no other setting", () => {
    const names = new Set(Array.from(settingsByPath(settings).keys(), environmentName))
    assert.isAbove(secrets.length, 10)
    assert.isEmpty(secrets.map(fileVariable).filter((name) => names.has(name)))
  })

  it.scoped("gives the value without one line break at its end, and keeps every other byte", () =>
    Effect.gen(function* () {
      for (const [content, expected] of [
        ["key\n", "key"],
        ["key\r\n", "key"],
        ["key", "key"],
        [" two\nlines \n\n", " two\nlines \n"],
        ["\u{feff}$HOME\n", "\u{feff}$HOME"]
      ] as const) {
        const { restate } = yield* load({ WORKER_RESTATE_API_KEY_FILE: yield* fileWith(content) })
        assert.deepStrictEqual(restate.apiKey, Option.some(Redacted.make(expected)), JSON.stringify(content))
      }
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("holds a private key as it was downloaded, and is enough for the required setting", () =>
    Effect.gen(function* () {
      const { privateKey } = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs1", format: "pem" }
      })
      const config = yield* load({
        WORKER_DATABASE_PRIMARY: "",
        WORKER_DATABASE_PRIMARY_FILE: yield* fileWith(`${database}\n`),
        WORKER_GITHUB_APP_ID: "7",
        WORKER_GITHUB_PRIVATE_KEY_PEM_FILE: yield* fileWith(privateKey)
      })
      assert.strictEqual(Redacted.value(Option.getOrThrow(config.github.app).privateKeyPem), privateKey)
      assert.strictEqual(config.database.primary.host, "db")
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("wins over the configuration file, and an empty name takes nothing away", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const toml = `${yield* fileSystem.makeTempDirectoryScoped()}/worker.toml`
      yield* fileSystem.writeFileString(toml, '[restate]\napi_key = "from-toml"\n')
      const key = (file: string) =>
        Effect.map(load({ WORKER_RESTATE_API_KEY_FILE: file }, ["--config", toml]), ({ restate }) =>
          Option.map(restate.apiKey, Redacted.value)
        )
      assert.deepStrictEqual(yield* key(yield* fileWith("from-file")), Option.some("from-file"))
      assert.deepStrictEqual(yield* key(""), Option.some("from-toml"))
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped(
    "that cannot be used is a problem of its setting, which quotes neither the content nor the file's name",
    () =>
      Effect.gen(function* () {
        const full = "s3cret".padEnd(maxSecretFileBytes, "x")
        const { restate } = yield* load({ WORKER_RESTATE_API_KEY_FILE: yield* fileWith(full) })
        assert.deepStrictEqual(Option.map(restate.apiKey, Redacted.value), Option.some(full))
        for (const [file, problem] of [
          [yield* fileWith(`${full}\n`), "is larger than 64 KiB"],
          ["/dev/zero", "is larger than 64 KiB"],
          [yield* fileWith(Buffer.from([0x73, 0xff])), "is not text in UTF-8"],
          [yield* fileWith("\n"), "is empty"],
          ["/nowhere/s3cret", "cannot be read (NotFound)"],
          ["s3cret\0", "cannot be read (BadArgument)"]
        ] as const) {
          const found = yield* problems({ WORKER_RESTATE_API_KEY_FILE: file })
          assert.deepStrictEqual(found, [`${apiKey}: ${named} ${problem}`])
        }
      }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("is refused beside the setting itself, and for a setting that is no secret", () =>
    Effect.gen(function* () {
      const file = yield* fileWith("s3cret")
      assert.deepStrictEqual(
        yield* problems({
          WORKER_RESTATE_API_KEY: "s3cret",
          WORKER_RESTATE_API_KEY_FILE: file,
          WORKER_REGION_FILE: file
        }),
        [
          "WORKER_REGION_FILE: there is no such setting",
          `${apiKey}: is set, and WORKER_RESTATE_API_KEY_FILE too: set one of them`
        ]
      )
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped(
    "gives the operator's commands the token of Restate's admin API, and other settings' files are not read",
    () =>
      Effect.gen(function* () {
        const token = (file: string) =>
          loadRestateAdmin(Option.none(), Option.none()).pipe(
            withEnvironment({ WORKER_RESTATE_API_KEY_FILE: file, WORKER_VAULT_TOKEN_FILE: "/nowhere" })
          )
        const { restate } = yield* token(yield* fileWith("s3cret\n"))
        assert.deepStrictEqual(restate.apiKey, Option.some(Redacted.make("s3cret")))
        assert.deepStrictEqual((yield* Effect.flip(token("/nowhere"))).problems, [
          { setting: "restate.api_key", problem: `${named} cannot be read (NotFound)` }
        ])
      }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})
