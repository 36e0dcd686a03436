import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Option } from "effect"
import { clickhouseUserService } from "../../src/composition/clickhouse.ts"
import { workerConfig } from "../../src/config.ts"
import { Vault, VaultUnavailable } from "../../src/services/vault/Vault.ts"
import { freshPools } from "../layers/mysql/MysqlWorld.ts"
import { MemoryVault } from "../support/memory/MemoryVault.ts"
import { sharedClickhouse } from "../support/stack/Clickhouse.ts"

const sealed = Layer.effect(
  Vault,
  Effect.map(Vault, (vault) =>
    Vault.of({ ...vault, check: new VaultUnavailable({ operation: "check", reason: "unavailable", status: 503 }) })
  )
).pipe(Layer.provide(MemoryVault))

/** Whether the service is served under these settings, and what the log says about it. */
const startWith = (settings: Readonly<Record<string, string>>, vault: Layer.Layer<Vault> = MemoryVault) =>
  Effect.gen(function* () {
    const lines: Array<unknown> = []
    const logger = Logger.make(({ message }) => lines.push(message))
    const environment = ConfigProvider.fromMap(
      new Map([
        ["WORKER_CNAME_DOMAIN", "cname.test"],
        ["WORKER_DATABASE_PRIMARY", "mysql://root@db/unkey"],
        ["WORKER_VAULT_URL", "http://vault.test"],
        ...Object.entries(settings)
      ])
    )
    const served = yield* Effect.scoped(clickhouseUserService).pipe(
      Effect.provide(Layer.merge(workerConfig([]).pipe(Layer.provide(NodeContext.layer)), vault)),
      Effect.withConfigProvider(environment),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
    return { served: Option.map(served, ({ contract }) => contract.name), lines }
  })

const notServed = (missing: string, reason: string) => ({
  served: Option.none(),
  lines: [["ClickhouseUserService is not served", { missing, reason }]]
})

layer(freshPools, { excludeTestServices: true })("the service of analytics users", (it) => {
  it.effect("is served when the vault and the admin connection answer, and nothing is said", () =>
    Effect.gen(function* () {
      const { url } = yield* sharedClickhouse
      const outcome = yield* startWith({ WORKER_CLICKHOUSE_ADMIN_URL: url })
      assert.deepStrictEqual(outcome, { served: Option.some("hydra.v1.ClickhouseUserService"), lines: [] })
    })
  )

  it.effect("is absent without clickhouse.admin_url, and the log says so", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* startWith({}), notServed("clickhouse.admin_url", "not configured"))
    })
  )

  it.effect("is absent while the vault does not accept us, and the log says why", () =>
    Effect.gen(function* () {
      const outcome = yield* startWith({ WORKER_CLICKHOUSE_ADMIN_URL: "http://127.0.0.1:1" }, sealed)
      assert.deepStrictEqual(outcome, notServed("vault", "vault check: unavailable (503)"))
    })
  )

  it.effect("is absent while the admin connection does not answer, and the log says why without its password", () =>
    Effect.gen(function* () {
      const outcome = yield* startWith({ WORKER_CLICKHOUSE_ADMIN_URL: "clickhouse://admin:s3cret@127.0.0.1:1" })
      assert.deepStrictEqual(outcome, notServed("clickhouse.admin_url", "ClickHouse check: unreachable (ECONNREFUSED)"))
    })
  )
})
