import { migrations } from "../../src/migrations/migrations.ts"

export interface Column {
  readonly table: string
  readonly name: string
  /** As declared: `varchar(256)`, `json`, `bigint unsigned`. */
  readonly type: string
  /** In characters, of `varchar` alone. */
  readonly width: number | undefined
  /** Whether an INSERT has to set it. */
  readonly isRequired: boolean
}

const createTable = /^CREATE TABLE IF NOT EXISTS `(\w+)`/
const columnLine = /^\s*`(\w+)` (\w+(?:\([^)]*\))?(?: unsigned)?)(.*)$/gm
const uniqueKeyLine = /^\s*UNIQUE KEY `\w+` \(([^)]*)\)/gm
const statements = migrations.flatMap((migration) => migration.statements)

const columnsOf = (statement: string): ReadonlyArray<Column> => {
  const [, table] = createTable.exec(statement) ?? []
  if (table === undefined) return []
  return [...statement.matchAll(columnLine)].map(([, name = "", type = "", rest = ""]) => {
    const width = /^varchar\((\d+)\)$/.exec(type)?.[1]
    return {
      table,
      name,
      type,
      width: width === undefined ? undefined : Number(width),
      isRequired: /NOT NULL(?!.*(DEFAULT|AUTO_INCREMENT))/.test(rest)
    }
  })
}

/** Every column of the schema that the migrations make. */
export const columns: ReadonlyArray<Column> = statements.flatMap(columnsOf)

/** The columns of each unique key of a table, in the order of its declaration. */
export const uniqueKeysOf = (table: string): ReadonlyArray<ReadonlyArray<string>> =>
  statements
    .filter((statement) => createTable.exec(statement)?.[1] === table)
    .flatMap((statement) => [...statement.matchAll(uniqueKeyLine)])
    .map(([, names = ""]) => names.split(", ").map((name) => name.replaceAll("`", "")))

/** The width of a `varchar`, by `table.column`. */
export const widthOf = (name: string): number => {
  const width = columns.find((column) => `${column.table}.${column.name}` === name)?.width
  if (width === undefined) throw new Error(`${name} is no varchar of the schema`)
  return width
}

/** Text that fills a `varchar` of this width with the most bytes. */
export const fourBytes = (width: number): string => "\u{1F600}".repeat(width)

/** The maximum BIGINT is not exact in JavaScript. 2^62 is, and far above the safe integers. */
const ends: Readonly<Record<string, number>> = { tinyint: 2 ** 7 - 1, int: 2 ** 31 - 1, bigint: 2 ** 62 }

/** The extreme values of an integer column, and values around zero; none for other types. */
export const integersOf = ({ type }: Pick<Column, "type">): ReadonlyArray<number> => {
  const [name = "", unsigned] = type.split(/ |\(/)
  const end = ends[name]
  if (end === undefined) return []
  return unsigned === "unsigned" ? [0, 1, end] : [-end, -1, 0, 1, end]
}
