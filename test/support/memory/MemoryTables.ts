import { Context, Effect, Layer, Predicate, Ref, type Schema, String as Str } from "effect"
import { type Columns, decodeRow } from "../../../src/layers/mysql/rows.ts"
import { type DbFailure, DbRefused } from "../../../src/services/Db.ts"
import { fitsCodePoints } from "../../../src/text/codePoints.ts"
import { columns } from "../columns.ts"
import { forEachTable, noRows, type Rows, type TableName, type Tables, tableNames, uniqueKeys } from "./Tables.ts"

/** All rows of an in-memory database. */
export class MemoryTables extends Context.Tag("test/MemoryTables")<MemoryTables, Ref.Ref<Rows>>() {}

export const memoryTables = Layer.effect(MemoryTables, Ref.make(noRows))

/** A private copy of all rows that a transaction may change. */
export type Draft = { readonly [T in TableName]: Array<Tables[T]> }

const widths = new Map(
  columns.flatMap(({ name, table, width }) => (width === undefined ? [] : [[`${table}.${name}`, width] as const]))
)

type Row = Readonly<Record<string, unknown>>

/** The rows after a change that were not there before: new or changed. */
const freshRows = (before: ReadonlyArray<Row>, after: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const known = new Set(before)
  return after.filter((row) => !known.has(row))
}

/** Rows that were there before have no duplicates among themselves: all are compared with the fresh ones only. */
const hasDuplicates = (table: TableName, fresh: ReadonlyArray<Row>, rows: ReadonlyArray<Row>): boolean =>
  uniqueKeys[table].some((columns) => {
    const [first = ""] = columns
    // As in SQL, a key that holds a NULL equals no other key.
    const keyed = fresh.filter((row) => columns.every((column) => Predicate.isNotNullable(row[column])))
    const byFirst = Map.groupBy(keyed, (row) => row[first])
    return rows.some((row) =>
      byFirst
        .get(row[first])
        ?.some((other) => other !== row && columns.every((column) => other[column] === row[column]))
    )
  })

const hasTooLong = (table: TableName, fresh: ReadonlyArray<object>): boolean =>
  fresh.some((row) =>
    Object.entries(row).some(([column, value]) => {
      const width = typeof value === "string" ? widths.get(`${table}.${column}`) : undefined
      return width !== undefined && !fitsCodePoints(String(value), width)
    })
  )

const hasChanged = (before: ReadonlyArray<unknown>, after: ReadonlyArray<unknown>) =>
  before.length !== after.length || before.some((row, index) => row !== after[index])

/** Rows are never changed in place, so copying the lists is enough. */
const draftOf = (rows: Rows): Draft =>
  // Each table's rows stay with their table, which a function over all tables cannot express.
  forEachTable((table) => [...rows[table]]) as unknown as Draft

/**
 * A serialized transaction: applies all changes of `body` to the draft, or none if a unique key is violated, a text is too long
 * for its column, or it throws.
 */
export const transaction =
  (tables: Ref.Ref<Rows>) =>
  <A>(operation: string, body: (draft: Draft) => A): Effect.Effect<A, DbFailure> =>
    Effect.flatten(
      Ref.modify(tables, (rows): [Effect.Effect<A, DbFailure>, Rows] => {
        const draft = draftOf(rows)
        const answer = body(draft)
        const changed = tableNames
          .filter((table) => hasChanged(rows[table], draft[table]))
          .map((table) => ({ table, fresh: freshRows(rows[table], draft[table]) }))
        if (changed.some(({ fresh, table }) => hasTooLong(table, fresh)))
          return [Effect.fail(new DbRefused({ operation, reason: "too_long", errno: 1406 })), rows]
        return changed.some(({ fresh, table }) => hasDuplicates(table, fresh, draft[table]))
          ? [Effect.fail(new DbRefused({ operation, reason: "duplicate_key", errno: 1062 })), rows]
          : [Effect.succeed(answer), draft]
      })
    )

/** Reads a row as the live stores do; null if there is none. */
export const rowAs = <F extends Columns>(entity: Schema.Struct<F>) => {
  const decode = decodeRow(entity)
  return (row: object | undefined) => (row === undefined ? null : decode(row))
}

type Snake<Name> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : Name

/** The fields of an entity as columns: `workspaceId` as `workspace_id`. */
export const columnsOf = <Entity extends object>(entity: Entity) =>
  // fromEntries forgets the keys; the type says what `camelToSnake` makes of them.
  Object.fromEntries(Object.entries(entity).map(([field, value]) => [Str.camelToSnake(field), value])) as {
    [Key in keyof Entity as Snake<Key>]: Entity[Key]
  }

/** Sets columns of the rows that match, like UPDATE. */
export const updateWhere = <Row>(rows: Array<Row>, matches: (row: Row) => boolean, set: Partial<Row>): void => {
  rows.forEach((row, index) => {
    if (matches(row)) rows[index] = { ...row, ...set }
  })
}
