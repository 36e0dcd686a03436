import { Effect, Schema } from "effect"
import { backupVariables, type DatabaseFacts } from "../../operations/BackupFacts.ts"
import type { DbFailure } from "../../services/Db.ts"
import type { MysqlPool } from "./MysqlPool.ts"
import { decodeFirst } from "./rows.ts"

const version = decodeFirst(Schema.Struct({ version: Schema.String }))
const clock = decodeFirst(Schema.Struct({ now: Schema.Number }))
const decodeVariables = Schema.decodeUnknownSync(
  Schema.Array(Schema.Struct({ Variable_name: Schema.String, Value: Schema.String }))
)

const names = backupVariables.map((name) => `'${name}'`).join(", ")

export const readDatabaseFacts = ({ query, sql }: MysqlPool): Effect.Effect<DatabaseFacts, DbFailure> =>
  Effect.gen(function* () {
    const server = yield* query("BackupFacts.version", version(sql`SELECT VERSION() AS version`))
    const shown = sql.unsafe(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`).unprepared
    const variables = yield* query("BackupFacts.variables", Effect.map(shown, decodeVariables))
    return {
      version: server?.version ?? "",
      variables: Object.fromEntries(variables.map(({ Value, Variable_name }) => [Variable_name.toLowerCase(), Value]))
    }
  })

/** The server's clock, in Unix milliseconds. */
export const readDatabaseClock = ({ query, sql }: MysqlPool): Effect.Effect<number, DbFailure> =>
  Effect.map(
    query("BackupFacts.clock", clock(sql`SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS now`)),
    (row) => row?.now ?? 0
  )
