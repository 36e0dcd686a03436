import { tableName } from "../layers/mysql/ownTables.ts"

/** Ids, names and host names compare bytewise: `d_Ab` and `d_aB` are different deployments. */
const options = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

/** DDL of a table, unless it exists; every table has the same surrogate key. */
export const table = (name: string, lines: ReadonlyArray<string>, database?: string): string =>
  `CREATE TABLE IF NOT EXISTS ${tableName(name, database)} (\n  ${["`pk` bigint unsigned NOT NULL AUTO_INCREMENT", ...lines, "PRIMARY KEY (`pk`)"].join(",\n  ")}\n) ${options}`

/** Unix milliseconds. */
export const createdAndUpdated = ["`created_at` bigint NOT NULL", "`updated_at` bigint NULL"]
