import { Reactivity } from "@effect/experimental"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import { makeCompiler } from "@effect/sql-mysql2/MysqlClient"
import { Effect, Layer, Schedule, Stream } from "effect"
import { classifySqlError } from "../../src/layers/mysql/classifySqlError.ts"

const passing: ReadonlySet<string> = new Set(["deadlock", "lock_wait", "connection", "too_many_connections"])

/** Whether the statement can succeed when it is sent again. */
export const isPassing = (failure: SqlError): boolean => passing.has(classifySqlError(failure).reason)

const again = Schedule.exponential("100 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(5)))

/** A connection for single statements: each is sent again when it lost to another transaction, or its connection. */
const steady = (client: SqlClient.SqlClient): Connection => {
  const send = <A>(use: (connection: Connection) => Effect.Effect<A, SqlError>) =>
    Effect.flatMap(client.reserve, use).pipe(Effect.scoped, Effect.retry({ schedule: again, while: isPassing }))
  return {
    execute: (sql, params, transform) => send((it) => it.execute(sql, params, transform)),
    executeRaw: (sql, params) => send((it) => it.executeRaw(sql, params)),
    executeValues: (sql, params) => send((it) => it.executeValues(sql, params)),
    executeUnprepared: (sql, params, transform) => send((it) => it.executeUnprepared(sql, params, transform)),
    executeStream: () => Stream.dieMessage("the demo reads no streams")
  }
}

/** The database of the demo and its simulators: statements outside transactions are sent again after a passing failure. */
export const steadyDatabase: Layer.Layer<SqlClient.SqlClient, never, SqlClient.SqlClient> = Layer.effect(
  SqlClient.SqlClient,
  Effect.flatMap(SqlClient.SqlClient, (client) =>
    SqlClient.make({
      acquirer: Effect.succeed(steady(client)),
      transactionAcquirer: client.reserve,
      compiler: makeCompiler(),
      spanAttributes: []
    })
  )
).pipe(Layer.provide(Reactivity.layer))
