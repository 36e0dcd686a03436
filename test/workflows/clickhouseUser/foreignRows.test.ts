import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { InvalidRequest } from "../../../src/contract/errors.ts"
import { columns, fourBytes, integersOf } from "../../support/columns.ts"
import { MemoryClickhouse } from "../../support/memory/MemoryClickhouse.ts"
import type { TableName, Tables } from "../../support/memory/Tables.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { clickhouseUsers, configureUser, withQuota } from "../../support/workflows/clickhouseUsers.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

const settings = "clickhouse_workspace_settings"
const numbers = columns.flatMap((column) =>
  column.table === "quota" || column.table === settings
    ? integersOf(column).map((value) => ({ table: column.table as TableName, name: column.name, value }))
    : []
)

/** A workspace that is configured, one of whose columns gets another value before it is configured again. */
const again = <T extends TableName>(table: T, set: Partial<Tables[T]>) =>
  Effect.gen(function* () {
    yield* withQuota("ws_shop")
    yield* withQuota("ws_other")
    assert.deepStrictEqual(yield* configureUser("ws_shop"), Either.right({}))
    const world = yield* World
    // Both tables have the column.
    yield* world.update(table, { workspace_id: "ws_shop" } as unknown as Partial<Tables[T]>, set)
    const answer = yield* configureUser("ws_shop")
    const { engine } = yield* ControlPlane
    assert.deepStrictEqual(unfinished(engine), [])
    assert.deepStrictEqual(yield* configureUser("ws_other"), Either.right({}))
    assert.deepStrictEqual((yield* MemoryClickhouse).violations, [])
    return answer
  })

describe("ConfigureUser of rows as another program may have written them", () => {
  for (const { name, table, value } of numbers)
    it.effect(`sets the limits again when ${table}.${name} is ${value}`, () =>
      // The column is one of the table's, and the value one that it takes.
      Effect.map(again(table, { [name]: value } as Partial<Tables[TableName]>), (answer) =>
        assert.deepStrictEqual(answer, Either.right({}))
      ).pipe(on(clickhouseUsers()))
    )

  it.effect("is refused with the reason when the user name is filled with four-byte characters", () =>
    Effect.map(again(settings, { username: fourBytes(256) }), (answer) =>
      assert.deepStrictEqual(
        answer,
        Either.left(new InvalidRequest({ field: "username", problem: "may hold letters, digits and underscores only" }))
      )
    ).pipe(on(clickhouseUsers()))
  )

  // A `text` holds 65,535 bytes.
  it.effect(
    "is refused, as a password that cannot be read, when the password's column is full of four-byte characters",
    () =>
      Effect.map(again(settings, { password_encrypted: fourBytes(16_383) }), (answer) =>
        assert.strictEqual(Either.flip(answer).pipe(Either.getOrThrow)._tag, "CredentialsUnreadable")
      ).pipe(on(clickhouseUsers()))
  )

  it.effect("is refused when another workspace has its user name, and the key goes on working", () =>
    Effect.gen(function* () {
      yield* withQuota("ws_shop")
      yield* withQuota("ws_other")
      yield* configureUser("ws_other")
      const world = yield* World
      yield* world.update(settings, { workspace_id: "ws_other" }, { username: "ws_shop" })
      assert.isTrue(Either.isLeft(yield* configureUser("ws_shop")))
      yield* world.update(settings, { workspace_id: "ws_other" }, { username: "ws_other" })
      assert.deepStrictEqual(yield* configureUser("ws_shop"), Either.right({}))
    }).pipe(on(clickhouseUsers()))
  )
})
