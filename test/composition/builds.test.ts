import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { Repositories } from "../../src/composition/adapters.ts"
import { Builds } from "../../src/composition/builds.ts"
import { loadWorkerConfig, WorkerConfig } from "../../src/config.ts"
import { makeMysqlPool } from "../../src/layers/mysql/MysqlPool.ts"
import { MysqlPools } from "../../src/layers/mysql/MysqlPools.ts"
import { NoBuildTelemetry } from "../../src/layers/telemetry/ClickhouseBuildTelemetry.ts"
import { Builder } from "../../src/services/builds/Builder.ts"
import { GitHub } from "../../src/services/builds/GitHub.ts"
import { request } from "../support/builds/builds.ts"
import { MemoryVault } from "../support/memory/MemoryVault.ts"

const required = { WORKER_DATABASE_PRIMARY: "app:pass@tcp(db:3306)/unkey", WORKER_CNAME_DOMAIN: "cname.test" }
const registry = {
  WORKER_REGISTRY_URL: "registry.test",
  WORKER_REGISTRY_USERNAME: "builder",
  WORKER_REGISTRY_PASSWORD: "canary-password"
}
const address = { WORKER_BUILDER_BUILDKIT_ADDRESS: "tcp://127.0.0.1:1" }

/** No test asks it: building the layers is enough to see which one was chosen. */
const NoDatabase = Layer.scoped(
  MysqlPools,
  Effect.map(makeMysqlPool("primary", { host: "127.0.0.1", port: 1, user: "", database: "" }), (primary) =>
    MysqlPools.of({ primary, replica: primary, health: primary, all: [primary] })
  )
)

type Environment = Readonly<Record<string, string>>

const load = (environment: Environment) =>
  loadWorkerConfig([]).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(new Map(Object.entries({ ...required, ...environment })), { pathDelim: "_" })
    )
  )

const problems = (environment: Environment) =>
  Effect.map(Effect.flip(load(environment)), (found) =>
    found.problems.map(({ setting }) => setting.split(" ")[0]).sort()
  )

const worker = (environment: Environment) =>
  Builds.pipe(
    Layer.provideMerge(Repositories),
    Layer.provide([NoBuildTelemetry, NoDatabase, MemoryVault]),
    Layer.provide(Layer.effect(WorkerConfig, load(environment)))
  )

const isConfigured = (environment: Environment) =>
  Effect.provide(
    Effect.map(Builder, (builder) => builder.isConfigured),
    worker(environment)
  )

describe("the builder that the settings choose", () => {
  it.effect("without settings nothing is built, and a caller is told at once and why", () =>
    Effect.gen(function* () {
      const builder = yield* Builder
      const gitHub = yield* GitHub
      assert.isFalse(builder.isConfigured)
      assert.isFalse(gitHub.isConfigured)
      const refused = yield* Effect.flip(builder.start(request("1".repeat(40))))
      assert.include(refused, { _tag: "BuildRefused", reason: "not_configured" })
    }).pipe(Effect.provide(worker({})))
  )

  it.effect("a BuildKit of one's own needs an address and a registry, and no Depot", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* isConfigured({ ...registry, ...address }))
      assert.isFalse(yield* isConfigured({ ...registry, ...address, WORKER_BUILDER_KIND: "none" }))
      assert.deepStrictEqual(yield* problems(address), ["registry.password", "registry.url", "registry.username"])
      assert.deepStrictEqual(yield* problems({ ...registry, WORKER_BUILDER_KIND: "buildkit" }), [
        "builder.buildkit_address"
      ])
    })
  )

  it.effect("the settings of a worker with Depot mean what they meant", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* problems(registry), ["depot.api_url"])
      const depot = { ...registry, WORKER_DEPOT_API_URL: "https://api.depot.test" }
      assert.isTrue(yield* isConfigured(depot))
      assert.deepStrictEqual(yield* problems({ WORKER_BUILDER_KIND: "depot" }), [
        "depot.api_url",
        "registry.password",
        "registry.url",
        "registry.username"
      ])
    })
  )

  it.effect("half a client certificate, and a file that cannot be read, are named", () =>
    Effect.gen(function* () {
      const half = { ...registry, ...address, WORKER_BUILDER_TLS_KEY_FILE: "/nowhere/key.pem" }
      assert.deepStrictEqual(yield* problems(half), ["builder.tls.certificate_file"])
      const unreadable = { ...registry, ...address, WORKER_BUILDER_TLS_CA_FILE: "/nowhere/ca.pem" }
      const failure = yield* Effect.flip(isConfigured(unreadable))
      assert.strictEqual(failure.message, "builder.tls.ca_file: /nowhere/ca.pem cannot be read")
    })
  )

  it.effect("environment variables are given to builds only where a vault can decrypt them", () =>
    Effect.gen(function* () {
      const given = { ...registry, ...address, WORKER_BUILDS_ENVIRONMENT_SECRETS: "true" }
      assert.deepStrictEqual(yield* problems(given), ["vault.url"])
      const vault = { WORKER_VAULT_URL: "https://vault.test", WORKER_VAULT_TOKEN: "canary-token" }
      assert.isTrue(yield* isConfigured({ ...given, ...vault }))
      assert.isFalse((yield* load({ ...registry, ...address })).builds.environmentSecrets)
    })
  )

  it.effect("git is cloned from where the API belongs to", () =>
    Effect.gen(function* () {
      const gitUrl = (environment: Environment) => Effect.map(load(environment), ({ github }) => github.gitUrl)
      assert.strictEqual(yield* gitUrl({}), "https://github.com")
      assert.strictEqual(
        yield* gitUrl({ WORKER_GITHUB_API_URL: "https://git.example.com/api/v3" }),
        "https://git.example.com"
      )
      assert.strictEqual(
        yield* gitUrl({ WORKER_GITHUB_GIT_URL: "https://mirror.example.com" }),
        "https://mirror.example.com"
      )
    })
  )
})
