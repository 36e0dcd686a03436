import { Effect, Layer } from "effect"
import { WorkerConfig } from "../config.ts"
import { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import { readDatabaseClock, readDatabaseFacts } from "../layers/mysql/readDatabaseFacts.ts"
import { makeAdminClient } from "../layers/restateAdmin/AdminClient.ts"
import { readRestateClock, readRestateFacts } from "../layers/restateAdmin/readRestateFacts.ts"
import { BackupFacts } from "../operations/BackupFacts.ts"
import { type DatabaseUnavailable, PrimaryOnly } from "./database.ts"

/** `backup-check`: the primary and Restate's admin API. */
export const BackupFactsLive: Layer.Layer<BackupFacts, DatabaseUnavailable, WorkerConfig> = Layer.scoped(
  BackupFacts,
  Effect.gen(function* () {
    const { primary } = yield* MysqlPools
    const { restate } = yield* WorkerConfig
    const admin = yield* makeAdminClient(restate)
    return BackupFacts.of({
      database: readDatabaseFacts(primary),
      restate: readRestateFacts(admin),
      databaseClock: readDatabaseClock(primary),
      restateClock: readRestateClock(admin)
    })
  })
).pipe(Layer.provide(PrimaryOnly))
