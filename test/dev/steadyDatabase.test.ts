import { Reactivity } from "@effect/experimental"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { makeCompiler } from "@effect/sql-mysql2/MysqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Stream, TestClock } from "effect"
import { steadyDatabase } from "../../dev/demo/steadyDatabase.ts"

const errorOf = (fields: object) => new SqlError({ cause: Object.assign(new Error("from the server"), fields) })

/** A database that fails with these errors first, and counts the statements that it got. */
const failingFirst = (errors: ReadonlyArray<SqlError>) => {
  const statements: Array<string> = []
  const answer = (sql: string) =>
    Effect.suspend(() => {
      const error = errors[statements.length]
      statements.push(sql)
      return error === undefined ? Effect.succeed([{ n: 1 }]) : Effect.fail(error)
    })
  const connection: Connection = {
    execute: answer,
    executeRaw: answer,
    executeValues: () => Effect.succeed([]),
    executeUnprepared: answer,
    executeStream: () => Stream.dieMessage("no streams")
  }
  const client = Layer.effect(
    SqlClient.SqlClient,
    SqlClient.make({ acquirer: Effect.succeed(connection), compiler: makeCompiler(), spanAttributes: [] })
  ).pipe(Layer.provide(Reactivity.layer))
  return { statements, layer: Layer.provide(steadyDatabase, client) }
}

const select = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1 AS n`)

const run = ({ layer }: ReturnType<typeof failingFirst>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.exit(Effect.provide(select, layer)))
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

describe("the demo's own statements", () => {
  it.effect.each([
    ["a deadlock", { errno: 1213 }],
    ["a lock timeout", { errno: 1205 }],
    ["a lost connection", { code: "PROTOCOL_CONNECTION_LOST", fatal: true }]
  ] as const)("are sent again after %s", ([, fields]) =>
    Effect.gen(function* () {
      const database = failingFirst([errorOf(fields), errorOf(fields)])
      assert.deepStrictEqual(yield* run(database), Exit.succeed([{ n: 1 }]))
      assert.lengthOf(database.statements, 3)
    })
  )

  it.effect("are not sent again after an error that stays, and a limited number of times after others", () =>
    Effect.gen(function* () {
      const refused = failingFirst([errorOf({ errno: 1062 })])
      assert.isTrue(Exit.isFailure(yield* run(refused)))
      assert.lengthOf(refused.statements, 1)
      const lasting = failingFirst(Array.from({ length: 20 }, () => errorOf({ errno: 1213 })))
      assert.isTrue(Exit.isFailure(yield* run(lasting)))
      assert.lengthOf(lasting.statements, 6)
    })
  )
})
