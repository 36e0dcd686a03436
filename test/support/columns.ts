import { migrations } from "../../src/migrations/migrations.ts"

export interface Column {
  readonly table: string
  readonly name: string
  /** As declared: `varchar(256)`, `json`, `bigint unsigned`. */
  readonly type: string
  /** In characters, of `varchar` alone. */
  readonly width: number | undefined
}

const createTable = /^CREATE TABLE IF NOT EXISTS `(\w+)`/
const columnLine = /^\s*`(\w+)` (\w+(?:\([^)]*\))?(?: unsigned)?)/gm

const columnsOf = (statement: string): ReadonlyArray<Column> => {
  const [, table] = createTable.exec(statement) ?? []
  if (table === undefined) return []
  return [...statement.matchAll(columnLine)].map(([, name = "", type = ""]) => {
    const width = /^varchar\((\d+)\)$/.exec(type)?.[1]
    return { table, name, type, width: width === undefined ? undefined : Number(width) }
  })
}

/** Every column of the schema that the migrations make. */
export const columns: ReadonlyArray<Column> = migrations.flatMap(({ statements }) => statements.flatMap(columnsOf))

/** The width of a `varchar`, by `table.column`. */
export const widthOf = (name: string): number => {
  const width = columns.find((column) => `${column.table}.${column.name}` === name)?.width
  if (width === undefined) throw new Error(`${name} is no varchar of the schema`)
  return width
}
