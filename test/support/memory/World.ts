import { Context, type Effect } from "effect"
import { forEachTable, type Rows, type TableName, type Tables, uniqueKeys } from "./Tables.ts"

/** The environment of a store in a test: inserts other components' rows, and dumps all rows. */
export class World extends Context.Tag("test/World")<
  World,
  {
    readonly insert: <T extends TableName>(table: T, row: Tables[T]) => Effect.Effect<void>
    /** Sets columns of every row whose columns equal `where`. */
    readonly update: <T extends TableName>(
      table: T,
      where: Partial<Tables[T]>,
      set: Partial<Tables[T]>
    ) => Effect.Effect<void>
    /** All rows as plain JSON, sorted, so that two worlds compare with deepStrictEqual. */
    readonly dump: Effect.Effect<Rows>
    readonly clear: Effect.Effect<void>
  }
>() {}

/** Rows in the order of their first unique key, whatever the order in which they were written. */
export const sortedRows = (rows: Rows): Rows => {
  const sorted = <T extends TableName>(table: T): ReadonlyArray<Tables[T]> => {
    const all: ReadonlyArray<Tables[T]> = rows[table]
    const keyOf = (row: Readonly<Record<string, unknown>>) =>
      JSON.stringify(uniqueKeys[table][0]?.map((column) => row[column]))
    return [...all].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  }
  // Each table's rows stay with their table, which a function over all tables cannot express.
  return forEachTable(sorted) as unknown as Rows
}
