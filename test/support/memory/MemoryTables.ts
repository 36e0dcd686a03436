import { Context, Effect, Layer, Ref } from "effect"
import { DbError } from "../../../src/services/Db.ts"
import { noRows, type Rows, type TableName, type Tables, uniqueKeys } from "./Tables.ts"

/** All rows of an in-memory database. */
export class MemoryTables extends Context.Tag("test/MemoryTables")<MemoryTables, Ref.Ref<Rows>>() {}

export const memoryTables = Layer.effect(MemoryTables, Ref.make(noRows))

/** A private copy of all rows, which a transaction may change as it likes. */
export type Draft = { readonly [T in TableName]: Array<Tables[T]> }

const hasDuplicates = <T extends TableName>(table: T, rows: ReadonlyArray<Tables[T]>) =>
  uniqueKeys[table].some((columns) => {
    // As in SQL, a key that holds a NULL equals no other key.
    const keyed = rows.filter((row) => columns.every((column) => row[column] !== null))
    return new Set(keyed.map((row) => JSON.stringify(columns.map((column) => row[column])))).size !== keyed.length
  })

const tableNames: ReadonlyArray<TableName> = [
  "workspaces",
  "projects",
  "environments",
  "environment_runtime_settings",
  "deployments",
  "deployment_steps",
  "deployment_topology",
  "sentinels",
  "cilium_network_policies",
  "instances",
  "frontline_routes"
]

/** One serialised transaction: all of what `body` did to the draft, or nothing when a unique key would break or it throws. */
export const transaction =
  (tables: Ref.Ref<Rows>) =>
  <A>(operation: string, body: (draft: Draft) => A): Effect.Effect<A, DbError> =>
    Effect.flatten(
      Ref.modify(tables, (rows): [Effect.Effect<A, DbError>, Rows] => {
        const draft: Draft = structuredClone(rows) as Draft // a clone shares nothing, so it may be written to
        const answer = body(draft)
        return tableNames.some((table) => hasDuplicates(table, draft[table]))
          ? [Effect.fail(new DbError({ operation, reason: "duplicate_key", errno: 1062 })), rows]
          : [Effect.succeed(answer), draft]
      })
    )

/** Sets columns of the rows that match, like UPDATE. */
export const updateWhere = <Row>(rows: Array<Row>, matches: (row: Row) => boolean, set: Partial<Row>): void => {
  rows.forEach((row, index) => {
    if (matches(row)) rows[index] = { ...row, ...set }
  })
}
