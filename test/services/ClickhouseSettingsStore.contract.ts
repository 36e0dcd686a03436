import { assert, layer } from "@effect/vitest"
import { Effect, type Layer, Option } from "effect"
import { ClickhouseSettingsStore, type UserLimits } from "../../src/services/clickhouseUser/ClickhouseSettingsStore.ts"
import { columns, fourBytes, integersOf, widthOf } from "../support/columns.ts"
import { seededAt } from "../support/memory/seeds.ts"
import type { Tables } from "../support/memory/Tables.ts"
import { World } from "../support/memory/World.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const at = seededAt + 1_000
const limits: UserLimits = {
  quotaDurationSeconds: 60,
  maxQueriesPerWindow: 2_147_483_647,
  maxExecutionTimePerWindow: 10,
  maxQueryExecutionTime: 5,
  maxQueryMemoryBytes: 2n ** 52n,
  maxQueryResultRows: 7
}
const row = {
  workspace_id: "ws_1",
  username: "ws_1",
  password_encrypted: "first",
  quota_duration_seconds: 60,
  max_queries_per_window: 2_147_483_647,
  max_execution_time_per_window: 10,
  max_query_execution_time: 5,
  max_query_memory_bytes: 2 ** 52,
  max_query_result_rows: 7,
  created_at: at,
  updated_at: null
}
const login = { workspaceId: "ws_1", username: "ws_1", passwordEncrypted: "first", limits, at }
const first = { username: "ws_1", passwordEncrypted: "first" }
const settings = Effect.flatMap(World, (world) => Effect.map(world.dump, (rows) => rows.clickhouse_workspace_settings))

/** What every implementation of `ClickhouseSettingsStore` promises. */
export const clickhouseSettingsStoreContract = <E>(
  name: string,
  stores: Layer.Layer<ClickhouseSettingsStore | World, E>
): void =>
  layer(stores, { excludeTestServices: true })(`ClickhouseSettingsStore: ${name}`, (it) => {
    const guarantee = guaranteesOf(it, ClickhouseSettingsStore)

    guarantee("the retention of a workspace is its quota's, and without a quota there is none", (store) =>
      Effect.gen(function* () {
        const world = yield* World
        yield* world.insert("quota", { workspace_id: "ws_1", requests_per_month: 0, logs_retention_days: 30 })
        assert.deepStrictEqual(yield* store.retentionDays("ws_1"), Option.some(30))
        assert.deepStrictEqual(yield* store.retentionDays("ws_2"), Option.none())
      })
    )

    guarantee("a login is stored once with its limits, to the last digit", (store) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* store.updateLimits(login), Option.none())
        assert.deepStrictEqual({ ...(yield* store.create(login)) }, first)
        assert.deepStrictEqual(yield* settings, [row])
      })
    )

    guarantee("limits that are so already leave no trace, so that a repeat writes the same row", (store) =>
      Effect.gen(function* () {
        yield* store.create(login)
        yield* store.create({ ...login, at: at + 1 })
        yield* store.updateLimits({ ...login, at: at + 2 })
        assert.deepStrictEqual(yield* settings, [row])
      })
    )

    guarantee("storing a second login returns the first one, with the newer limits set", (store) =>
      Effect.gen(function* () {
        yield* store.create(login)
        const newer = { ...limits, maxQueryResultRows: 8 }
        const second = yield* store.create({ ...login, passwordEncrypted: "second", limits: newer, at: at + 1 })
        assert.deepStrictEqual({ ...second }, first)
        assert.deepStrictEqual(yield* settings, [{ ...row, max_query_result_rows: 8, updated_at: at + 1 }])
      })
    )

    guarantee("of two that store a login at once, both get the one that is stored", (store) =>
      Effect.gen(function* () {
        const logins = yield* Effect.forEach(
          ["one", "two", "three", "four"],
          (passwordEncrypted) => store.create({ ...login, passwordEncrypted }),
          { concurrency: "unbounded" }
        )
        const [stored] = yield* settings
        assert.deepStrictEqual(new Set(logins.map((it) => it.passwordEncrypted)), new Set([stored?.password_encrypted]))
      })
    )

    guarantee("new limits leave the login alone, and other workspaces too", (store) =>
      Effect.gen(function* () {
        yield* store.create(login)
        yield* store.create({ ...login, workspaceId: "ws_2", username: "ws_2" })
        const newer = { ...limits, maxQueriesPerWindow: 3 }
        const change = { workspaceId: "ws_1", limits: newer, at: at + 5 }
        assert.deepStrictEqual(
          Option.map(yield* store.updateLimits(change), (it) => ({ ...it })),
          Option.some(first)
        )
        assert.deepStrictEqual(yield* settings, [
          { ...row, max_queries_per_window: 3, updated_at: at + 5 },
          { ...row, workspace_id: "ws_2", username: "ws_2" }
        ])
      })
    )

    guarantee("a name that another workspace took is never given away, nor its row changed", (store) =>
      Effect.gen(function* () {
        yield* store.create({ ...login, workspaceId: "ws_2", username: "ws_1" })
        const failure = yield* Effect.flip(store.create(login))
        assert.strictEqual(failure.reason, "duplicate_key")
        assert.deepStrictEqual(yield* settings, [{ ...row, workspace_id: "ws_2", username: "ws_1" }])
      })
    )

    // A `text` holds 65,535 bytes.
    guarantee(
      "a login of columns that are filled with four-byte characters is read as it is, and its limits set",
      (store) =>
        Effect.gen(function* () {
          const world = yield* World
          const workspaceId = fourBytes(widthOf("clickhouse_workspace_settings.workspace_id"))
          const username = fourBytes(widthOf("clickhouse_workspace_settings.username"))
          const filled = { username, passwordEncrypted: fourBytes(16_383) }
          yield* world.insert("quota", { workspace_id: workspaceId, requests_per_month: 0, logs_retention_days: 30 })
          assert.deepStrictEqual({ ...(yield* store.create({ ...login, ...filled, workspaceId })) }, filled)
          const change = { workspaceId, limits: { ...limits, maxQueriesPerWindow: 3 }, at: at + 1 }
          assert.deepStrictEqual(
            Option.map(yield* store.updateLimits(change), (it) => ({ ...it })),
            Option.some(filled)
          )
          assert.deepStrictEqual(yield* store.retentionDays(workspaceId), Option.some(30))
        })
    )

    for (const column of columns.filter(({ table }) => table === "clickhouse_workspace_settings"))
      for (const value of integersOf(column).filter(() => column.name !== "pk"))
        guarantee(`limits are set where ${column.name} is ${value}`, (store) =>
          Effect.gen(function* () {
            const world = yield* World
            yield* store.create(login)
            yield* world.update(
              "clickhouse_workspace_settings",
              { workspace_id: "ws_1" },
              // The column is one of the table's, and the value one that it takes.
              { [column.name]: value } as Partial<Tables["clickhouse_workspace_settings"]>
            )
            assert.deepStrictEqual(
              Option.map(yield* store.updateLimits(login), (it) => ({ ...it })),
              Option.some(first)
            )
            const { created_at, updated_at, ...set } = row
            assert.deepInclude((yield* settings)[0], set)
          })
        )

    for (const value of [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1])
      guarantee(`a retention of ${value} days is read as it is`, (store) =>
        Effect.gen(function* () {
          const world = yield* World
          yield* world.insert("quota", { workspace_id: "ws_1", requests_per_month: 0, logs_retention_days: value })
          assert.deepStrictEqual(yield* store.retentionDays("ws_1"), Option.some(value))
        })
      )
  })
