import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { VaultServer, vaultServer } from "../../dev/simulators/VaultServer.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { vaultEnvironment } from "../../dev/stack/Vault.ts"
import { clickhousePassword } from "../../src/services/vault/Purpose.ts"
import { Vault } from "../../src/services/vault/Vault.ts"
import { asAppRole, vaultOf } from "../layers/vault/support.ts"
import { World } from "../support/memory/World.ts"
import { sharedClickhouse } from "../support/stack/Clickhouse.ts"
import { everything, findIn, logsOfRun } from "./support/canaries.ts"
import { rows, unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { messageOf, postRaw } from "./support/ingress.ts"
import { stack } from "./support/Stack.ts"

const world = Layer.unwrapEffect(
  Effect.map(Effect.all([sharedClickhouse, vaultEnvironment]), ([{ url }, env]) =>
    stack({ regions: ["local.dev"], env: { ...env, WORKER_CLICKHOUSE_ADMIN_URL: url } })
  )
).pipe(Layer.provideMerge(Layer.provideMerge(vaultOf(asAppRole({ ttl: 600 })), vaultServer())))

const configure = (workspaceId: string, body: unknown) =>
  postRaw(`hydra.v1.ClickhouseUserService/${workspaceId}/ConfigureUser`, JSON.stringify(body))

const settings = Effect.map(rows, ({ clickhouse_workspace_settings }) => clickhouse_workspace_settings)

/** The password that the vault keeps for the workspace, read the way the API reads it. */
const passwordOf = (workspaceId: string) =>
  Effect.gen(function* () {
    const vault = yield* Vault
    const stored = (yield* settings).find((row) => row.workspace_id === workspaceId)
    return Redacted.value(
      yield* vault.decrypt(workspaceId, stored?.password_encrypted ?? "", clickhousePassword(workspaceId))
    )
  })

layer(world, { excludeTestServices: true, timeout: "2 minutes" })("configuring an analytics user", (it) => {
  it.effect("stores a login once, keeps it when asked again, and provisions ClickHouse both times", () =>
    Effect.gen(function* () {
      const { insert } = yield* World
      yield* insert("quota", { workspace_id: "ws_login", requests_per_month: 0, logs_retention_days: 30 })
      const done = { status: 200, text: "{}" }
      assert.deepStrictEqual(yield* configure("ws_login", {}), done)
      const [first] = yield* settings
      assert.deepInclude(first, { username: "ws_login", max_queries_per_window: 1000, updated_at: null })
      assert.match(yield* passwordOf("ws_login"), /^[A-Za-z0-9._~-]{64}$/)

      const limits = { max_queries_per_window: 77, max_query_memory_bytes: "5000000000" }
      assert.deepStrictEqual(yield* configure("ws_login", limits), done)
      const [second, ...others] = yield* settings
      assert.deepStrictEqual(others, [])
      assert.deepInclude(second, { max_queries_per_window: 77, max_query_memory_bytes: 5_000_000_000 })
      assert.strictEqual(second?.password_encrypted, first?.password_encrypted)
    })
  )

  it.effect("the password is in nothing that operators can see: journals, states, logs, metrics, rows", () =>
    Effect.gen(function* () {
      const password = yield* passwordOf("ws_login")
      const exhibits = yield* everything
      assert.deepStrictEqual(findIn(exhibits, password), [])
      // The search does find what is there, in every kind of place.
      for (const place of ["sys_journal Command: Input", "sys_invocation", "rows"])
        assert.include(findIn(exhibits, "ws_login").join("\n"), place)
      assert.include(findIn(exhibits, "Registered with Restate").join("\n"), "worker.log")
      assert.include(findIn(exhibits, "process_resident_memory_bytes"), "metrics")
    })
  )

  it.effect("a workspace without quota, and one whose name is no name, are refused at once", () =>
    Effect.gen(function* () {
      const [missing, misnamed] = yield* Effect.all([configure("ws_none", {}), configure("ws-1", {})])
      assert.deepStrictEqual([missing.status, messageOf(missing)], [404, "quota ws_none does not exist"])
      assert.strictEqual(misnamed.status, 400)
    })
  )

  it.effect("nothing is left behind unfinished or paused", () =>
    eventually("the end of every invocation", unfinished, (left) => left.length === 0)
  )
})

const notServed = "ClickhouseUserService is not served"
const whatIsMissing = Effect.map(logsOfRun, (logs) => {
  const lines = logs.flatMap(({ text }) => text.split("\n"))
  return lines.filter((line) => line.includes(notServed)).map((line): unknown => JSON.parse(line))
})

/** Sealed until the worker has decided what it serves: without a vault it would not become ready at all. */
const sealedAtFirst = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { seal, unseal } = yield* VaultServer
    yield* seal
    const decided = eventually("the worker's decision", whatIsMissing, (lines) => lines.length > 0)
    yield* Effect.forkScoped(Effect.zipRight(decided, unseal))
  })
)

const startedTooEarly = Layer.unwrapEffect(
  Effect.map(Effect.all([sharedClickhouse, vaultEnvironment]), ([{ url }, env]) =>
    stack({ regions: [], env: { ...env, WORKER_CLICKHOUSE_ADMIN_URL: url } })
  )
).pipe(Layer.provideMerge(sealedAtFirst), Layer.provide(Layer.merge(vaultServer(), RunDirectoryLive)))

layer(startedTooEarly, { excludeTestServices: true, timeout: "2 minutes" })(
  "a worker that starts while its vault is sealed",
  (it) => {
    it.effect("serves no logins, so that callers are told at once, and its log says why", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* configure("ws_login", {})).status, 404)
        const [line, ...others] = yield* whatIsMissing
        assert.deepStrictEqual(others, [])
        assert.deepInclude(line, { details: { missing: "vault", reason: "vault login: unavailable (503)" } })
      })
    )
  }
)
