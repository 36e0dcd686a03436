import { fileURLToPath } from "node:url"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { World } from "../support/memory/World.ts"
import { sharedClickhouse } from "../support/stack/Clickhouse.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { rows, unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { messageOf, postRaw } from "./support/ingress.ts"
import { stack } from "./support/Stack.ts"

const entry = fileURLToPath(new URL("support/workerWithMemoryVault.ts", import.meta.url))

const world = Layer.unwrapEffect(
  Effect.map(sharedClickhouse, ({ url }) =>
    stack({ regions: ["local.dev"], entry, env: { WORKER_CLICKHOUSE_ADMIN_URL: url } })
  )
)

const configure = (workspaceId: string, body: unknown) =>
  postRaw(`hydra.v1.ClickhouseUserService/${workspaceId}/ConfigureUser`, JSON.stringify(body))

const settings = Effect.map(rows, ({ clickhouse_workspace_settings }) => clickhouse_workspace_settings)

/** What the vault of the tests has encrypted for the workspace. */
const passwordIn = (ciphertext = "") => Buffer.from(ciphertext.split(":")[2] ?? "", "hex").toString()

layer(world, { excludeTestServices: true, timeout: "2 minutes" })("configuring an analytics user", (it) => {
  it.effect("stores a login once, keeps it when asked again, and provisions ClickHouse both times", () =>
    Effect.gen(function* () {
      const { insert } = yield* World
      yield* insert("quota", { workspace_id: "ws_login", requests_per_month: 0, logs_retention_days: 30 })
      const done = { status: 200, text: "{}" }
      assert.deepStrictEqual(yield* configure("ws_login", {}), done)
      const [first] = yield* settings
      assert.deepInclude(first, { username: "ws_login", max_queries_per_window: 1000, updated_at: null })
      assert.match(passwordIn(first?.password_encrypted), /^[A-Za-z0-9._~-]{64}$/)

      const limits = { max_queries_per_window: 77, max_query_memory_bytes: "5000000000" }
      assert.deepStrictEqual(yield* configure("ws_login", limits), done)
      const [second, ...others] = yield* settings
      assert.deepStrictEqual(others, [])
      assert.deepInclude(second, { max_queries_per_window: 77, max_query_memory_bytes: 5_000_000_000 })
      assert.strictEqual(second?.password_encrypted, first?.password_encrypted)
    })
  )

  it.effect("the password is in nothing that Restate keeps", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const [row] = yield* settings
      const password = passwordIn(row?.password_encrypted)
      const kept = yield* Effect.all([
        restate.sql("SELECT * FROM sys_journal"),
        restate.sql("SELECT * FROM sys_journal_events"),
        restate.sql("SELECT * FROM sys_invocation"),
        restate.sql("SELECT * FROM state")
      ])
      const text = JSON.stringify(kept)
      assert.isAbove(password.length, 0)
      for (const form of [password, Buffer.from(password).toString("base64"), encodeURIComponent(password)])
        assert.notInclude(text, form)
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
