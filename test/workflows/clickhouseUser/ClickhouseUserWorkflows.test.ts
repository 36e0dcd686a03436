import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { ClickhouseUserService } from "../../../src/contract/ClickhouseUserService.ts"
import {
  associatedData,
  certificateKey,
  clickhousePassword,
  type Purpose
} from "../../../src/services/vault/Purpose.ts"
import { defaultLimits, planUser, sharedTables } from "../../../src/workflows/clickhouseUser/planUser.ts"
import { MemoryClickhouse } from "../../support/memory/MemoryClickhouse.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { clickhouseUsers, configureUser, firstPassword, withQuota } from "../../support/workflows/clickhouseUsers.ts"
import { answerOf, rows, timed } from "../../support/workflows/queries.ts"
import { observe } from "../../support/workflows/scenario.ts"

const service = ClickhouseUserService.name
const hex = (text: string) => Buffer.from(text).toString("hex")
/** As `MemoryVault` writes it. */
const encrypted = (plaintext: string, purpose: Purpose) =>
  ["memory", hex("ws_shop"), hex(plaintext), hex(associatedData(purpose))].join(":")
const settingsRow = Effect.map(rows, ({ clickhouse_workspace_settings: [row] }) => row)
const request = (workspaceId: string, body: string) =>
  Effect.flatMap(ControlPlane, ({ engine }) =>
    timed(
      answerOf(engine.request({ service, key: workspaceId, handler: "ConfigureUser" }, new TextEncoder().encode(body)))
    )
  )

describe("ConfigureUser", () => {
  it.effect("stores a login and gives it to ClickHouse, with the limits of the contract", () =>
    Effect.gen(function* () {
      yield* withQuota("ws_shop", 14)
      assert.deepStrictEqual(yield* configureUser("ws_shop"), Either.right({}))
      const { users } = yield* MemoryClickhouse
      const user = users.get("ws_shop")
      assert.strictEqual(user?.password, firstPassword)
      assert.deepStrictEqual(
        [...(user?.filters.values() ?? [])].map(({ days }) => days),
        sharedTables.map(() => 14)
      )
      assert.deepInclude(yield* settingsRow, {
        username: "ws_shop",
        password_encrypted: encrypted(firstPassword, clickhousePassword("ws_shop")),
        quota_duration_seconds: 3600,
        max_queries_per_window: 1000,
        max_execution_time_per_window: 1800,
        max_query_execution_time: 30,
        max_query_memory_bytes: 1_000_000_000,
        max_query_result_rows: 10_000_000,
        updated_at: null
      })
    }).pipe(on(clickhouseUsers()))
  )

  it.effect("[W36] makes ClickHouse agree with the stored password, whatever it was before", () =>
    Effect.gen(function* () {
      yield* withQuota("ws_shop")
      const world = yield* World
      yield* world.insert("clickhouse_workspace_settings", {
        workspace_id: "ws_shop",
        username: "ws_shop",
        password_encrypted: `memory:${hex("ws_shop")}:${hex("stored")}`,
        quota_duration_seconds: 1,
        max_queries_per_window: 1,
        max_execution_time_per_window: 1,
        max_query_execution_time: 1,
        max_query_memory_bytes: 1,
        max_query_result_rows: 1,
        created_at: 1,
        updated_at: null
      })
      yield* configureUser("ws_shop", { maxQueriesPerWindow: 5 })
      assert.strictEqual((yield* MemoryClickhouse).users.get("ws_shop")?.password, "stored")
      assert.deepInclude(yield* settingsRow, {
        password_encrypted: `memory:${hex("ws_shop")}:${hex("stored")}`,
        max_queries_per_window: 5,
        quota_duration_seconds: 3600
      })
    }).pipe(on(clickhouseUsers({ users: { ws_shop: { password: "drifted" } } })))
  )

  it.effect("[W36] refuses a workspace without a quota with 404 at once, and makes nothing", () =>
    Effect.gen(function* () {
      const before = yield* observe
      const { answer, took } = yield* request("ws_shop", "{}")
      assert.deepStrictEqual({ ...answer, took }, { code: 404, message: "quota ws_shop does not exist", took: 0 })
      assert.deepStrictEqual(yield* observe, before)
      assert.strictEqual((yield* MemoryClickhouse).users.size, 0)
    }).pipe(on(clickhouseUsers()))
  )

  for (const workspaceId of ["ws-shop", "ws'; DROP USER x --", "ws`", " ", "ws.shop", "wś"])
    it.effect(`refuses the workspace id ${JSON.stringify(workspaceId)} with 400 at once`, () =>
      Effect.gen(function* () {
        yield* withQuota(workspaceId)
        const { answer, took } = yield* request(workspaceId, "{}")
        assert.deepStrictEqual(
          { ...answer, took },
          { code: 400, message: "workspaceId: may hold letters, digits and underscores only", took: 0 }
        )
        assert.strictEqual((yield* MemoryClickhouse).users.size, 0)
      }).pipe(on(clickhouseUsers()))
    )

  const poison = [
    "[]",
    '"{}"',
    '{"maxQueriesPerWindow":"many"}',
    '{"maxQueriesPerWindow":2147483648}',
    '{"maxQueryMemoryBytes":"9223372036854775808"}',
    '{"maxQueryMemoryBytes":1e30}',
    '{"maxQueriesPerWindow":1,"max_queries_per_window":2}',
    "[".repeat(100_000)
  ]
  for (const body of poison)
    it.effect(`refuses ${body.slice(0, 60)} with 400 at once, and the next one works`, () =>
      Effect.gen(function* () {
        yield* withQuota("ws_shop")
        const { answer, took } = yield* request("ws_shop", body)
        assert.deepStrictEqual([answer.code, took], [400, 0])
        assert.deepStrictEqual(yield* configureUser("ws_shop"), Either.right({}))
      }).pipe(on(clickhouseUsers()))
    )

  it.effect("takes snake case, null, text for 64 bits and fields of a newer client", () =>
    Effect.gen(function* () {
      yield* withQuota("ws_shop")
      const body = '{"max_query_memory_bytes":"4096","maxQueriesPerWindow":"7","maxQueryResultRows":null,"newer":1}'
      assert.strictEqual((yield* request("ws_shop", body)).answer.code, 200)
      assert.deepInclude(yield* settingsRow, {
        max_query_memory_bytes: 4096,
        max_queries_per_window: 7,
        max_query_result_rows: 10_000_000
      })
    }).pipe(on(clickhouseUsers()))
  )

  const operations = planUser({ workspaceId: "w", user: "w", retentionDays: 1, limits: defaultLimits }).length
  for (let away = 0; away < operations; away++)
    it.effect(
      `goes on after ClickHouse was away at operation ${away + 1} of ${operations}, and harms no other user`,
      () =>
        Effect.gen(function* () {
          yield* withQuota("ws_shop")
          assert.deepStrictEqual(yield* configureUser("ws_shop"), Either.right({}))
          const { users, violations } = yield* MemoryClickhouse
          assert.deepStrictEqual(violations, [])
          assert.strictEqual(users.get("ws_shop")?.grants.size, sharedTables.length)
        }).pipe(on(clickhouseUsers({ isAway: (nth) => nth === away })))
    )

  const notItsPassword = {
    "is not the vault's": "other",
    "is a certificate's key of the same workspace": encrypted("a key", certificateKey("app.example.com")),
    "is the password of another row": encrypted("a password", clickhousePassword("ws_other"))
  }
  for (const [kind, password_encrypted] of Object.entries(notItsPassword))
    it.effect(`says so when the stored password ${kind}, and changes nothing in ClickHouse`, () =>
      Effect.gen(function* () {
        yield* withQuota("ws_shop")
        yield* configureUser("ws_shop")
        const world = yield* World
        yield* world.update("clickhouse_workspace_settings", { workspace_id: "ws_shop" }, { password_encrypted })
        const done = (yield* MemoryClickhouse).operations.length
        const { answer } = yield* request("ws_shop", "{}")
        assert.strictEqual(answer.code, 500)
        assert.match(answer.message, /^the stored analytics password of workspace ws_shop cannot be decrypted/)
        assert.strictEqual((yield* MemoryClickhouse).operations.length, done)
      }).pipe(on(clickhouseUsers()))
    )

  it.effect("writes no password to the journal, neither the text nor any encoding of it but the ciphertext", () =>
    Effect.gen(function* () {
      yield* withQuota("ws_shop")
      yield* configureUser("ws_shop")
      const { engine } = yield* ControlPlane
      const journal = engine.invocations
        .flatMap(({ entries }) => entries.flatMap(({ answer }) => (answer?.ok === true ? [...answer.bytes] : [])))
        .map((byte) => String.fromCharCode(byte))
        .join("")
      assert.include(journal, "memory:")
      assert.notInclude(journal, firstPassword)
      assert.notInclude(journal, Buffer.from(firstPassword).toString("base64"))
    }).pipe(on(clickhouseUsers()))
  )
})
