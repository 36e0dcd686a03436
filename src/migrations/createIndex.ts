import { tableName } from "../layers/mysql/ownTables.ts"

/** An index that this worker adds. Names and columns are constants, never user input. */
export interface OwnIndex {
  readonly table: string
  /** Default: the connection's database. */
  readonly database?: string | undefined
  readonly name: string
  readonly columns: ReadonlyArray<string>
}

/** Creates an index if it does not exist. MySQL has no CREATE INDEX IF NOT EXISTS, hence the prepared statement. */
export const createIndex = ({ columns, database, name, table }: OwnIndex): ReadonlyArray<string> => [
  `SET @create_index = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = ${database === undefined ? "DATABASE()" : `'${database}'`} AND table_name = '${table}' AND index_name = '${name}') = 0,
    'CREATE INDEX \`${name}\` ON ${tableName(table, database)} (${columns.map((column) => `\`${column}\``).join(", ")})', 'DO 0')`,
  "PREPARE create_index FROM @create_index",
  "EXECUTE create_index",
  "DEALLOCATE PREPARE create_index"
]
