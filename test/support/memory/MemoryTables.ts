import { Context, Effect, Layer, Predicate, Ref, type Schema, String as Str } from "effect"
import { type Columns, decodeRow } from "../../../src/layers/mysql/rows.ts"
import { type DbFailure, DbRefused } from "../../../src/services/Db.ts"
import { fitsCodePoints } from "../../../src/text/codePoints.ts"
import { columns } from "../columns.ts"
import { noRows, type Rows, type TableName, type Tables, tableNames, uniqueKeys } from "./Tables.ts"

/** All rows of an in-memory database. */
export class MemoryTables extends Context.Tag("test/MemoryTables")<MemoryTables, Ref.Ref<Rows>>() {}

export const memoryTables = Layer.effect(MemoryTables, Ref.make(noRows))

/** A private copy of all rows that a transaction may change. */
export type Draft = { readonly [T in TableName]: Array<Tables[T]> }

const widths = new Map(
  columns.flatMap(({ name, table, width }) => (width === undefined ? [] : [[`${table}.${name}`, width] as const]))
)

type Row = Readonly<Record<string, unknown>>

/** Up to the first row that differs, and from the last one, a change leaves the rows as they were. */
const changedPart = (before: ReadonlyArray<Row>, after: ReadonlyArray<Row>) => {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start++
  let kept = 0
  while (kept < shorter - start && before[before.length - 1 - kept] === after[after.length - 1 - kept]) kept++
  return { before: before.slice(start, before.length - kept), after: after.slice(start, after.length - kept) }
}

/** New rows, and changed ones beside what they were. A change replaces a row in its place. */
const changesOf = (before: ReadonlyArray<Row>, after: ReadonlyArray<Row>) => {
  const changed = changedPart(before, after)
  const known = new Set(changed.before)
  const kept = new Set(changed.after)
  const replacedAt = (index: number) => {
    const was = changed.before[index]
    return changed.before.length === changed.after.length && was !== undefined && !kept.has(was) ? was : undefined
  }
  return {
    isSame: changed.before.length === 0 && changed.after.length === 0,
    fresh: changed.after.flatMap((row, index) => (known.has(row) ? [] : [{ row, was: replacedAt(index) }]))
  }
}

type Fresh = ReturnType<typeof changesOf>["fresh"]

/** Rows that were there before have no duplicates among themselves: all are compared with those whose key is new. */
const hasDuplicates = (table: TableName, fresh: Fresh, rows: ReadonlyArray<Row>): boolean =>
  uniqueKeys[table].some((columns) => {
    const [first = ""] = columns
    const keyed = fresh.flatMap(({ row, was }) =>
      // As in SQL, a key that holds a NULL equals no other key.
      columns.every((column) => Predicate.isNotNullable(row[column])) &&
      columns.some((column) => row[column] !== was?.[column])
        ? [row]
        : []
    )
    if (keyed.length === 0) return false
    const byFirst = Map.groupBy(keyed, (row) => row[first])
    return rows.some((row) =>
      byFirst
        .get(row[first])
        ?.some((other) => other !== row && columns.every((column) => other[column] === row[column]))
    )
  })

const hasTooLong = (table: TableName, fresh: Fresh): boolean =>
  fresh.some(({ row }) =>
    Object.entries(row).some(([column, value]) => {
      const width = typeof value === "string" ? widths.get(`${table}.${column}`) : undefined
      return width !== undefined && !fitsCodePoints(String(value), width)
    })
  )

/** Copies the rows of a table when they are first asked for: rows themselves are never changed in place. */
const draftOf = (rows: Rows) => {
  const copies = new Map<TableName, ReadonlyArray<Row>>()
  const copyOf = (table: TableName) => {
    const copy = copies.get(table) ?? [...rows[table]]
    copies.set(table, copy)
    return copy
  }
  const accessors = tableNames.map((table) => [table, { enumerable: true, get: () => copyOf(table) }] as const)
  // Each table's rows stay with their table, which a function over all tables cannot express.
  return { draft: Object.defineProperties({}, Object.fromEntries(accessors)) as Draft, copies }
}

/**
 * A serialized transaction: applies all changes of `body` to the draft, or none if a unique key is violated, a text is too long
 * for its column, or it throws. A table that has not changed stays the same list.
 */
export const transaction =
  (tables: Ref.Ref<Rows>) =>
  <A>(operation: string, body: (draft: Draft) => A): Effect.Effect<A, DbFailure> =>
    Effect.flatten(
      Ref.modify(tables, (rows): [Effect.Effect<A, DbFailure>, Rows] => {
        const { copies, draft } = draftOf(rows)
        const answer = body(draft)
        const changed = [...copies].flatMap(([table, after]) => {
          const { fresh, isSame } = changesOf(rows[table], after)
          return isSame ? [] : [{ table, after, fresh }]
        })
        if (changed.some(({ fresh, table }) => hasTooLong(table, fresh)))
          return [Effect.fail(new DbRefused({ operation, reason: "too_long", errno: 1406 })), rows]
        if (changed.some(({ after, fresh, table }) => hasDuplicates(table, fresh, after)))
          return [Effect.fail(new DbRefused({ operation, reason: "duplicate_key", errno: 1062 })), rows]
        return [
          Effect.succeed(answer),
          { ...rows, ...Object.fromEntries(changed.map(({ after, table }) => [table, after])) }
        ]
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
