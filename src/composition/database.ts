import { Duration, Effect, Layer, Option, Schedule, Schema } from "effect"
import type { MysqlAddress } from "../config/MysqlAddress.ts"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import type { MysqlPoolOptions } from "../layers/mysql/MysqlDriver.ts"
import { type MysqlPools, MysqlPoolsLive } from "../layers/mysql/MysqlPools.ts"
import { migrate } from "../migrations/migrate.ts"
import { Db, DbErrorReason } from "../services/Db.ts"
import { WorkflowMetrics } from "../services/WorkflowMetrics.ts"

/** The database could not be reached, or its schema not be brought up to date. A person has to look. */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()("DatabaseUnavailable", {
  servers: Schema.Array(Schema.String),
  operation: Schema.String,
  reason: DbErrorReason
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `cannot use the database at ${this.servers.join(" and ")}: ${this.operation} failed (${this.reason}). Check that it runs and what database.primary and database.readonly_replica say`
  }
}

const serverOf = ({ database, host, port, socketPath }: MysqlAddress): string =>
  `${Option.getOrElse(socketPath, () => `${host}:${port}`)}/${database}`

const poolOptions = (
  address: MysqlAddress,
  maxConnections: number,
  connectionLifetime: Duration.Duration
): MysqlPoolOptions => ({
  host: address.host,
  port: address.port,
  socketPath: Option.getOrUndefined(address.socketPath),
  database: address.database,
  user: address.user,
  password: address.password,
  maxConnections,
  connectionLifetime,
  // A pool either encrypts or does not. "preferred" encrypts: silently going without is not ours to decide.
  tls: address.tls === "off" ? undefined : { rejectUnauthorized: address.tls === "verify" }
})

const openDatabase = ({
  database: { connectionLifetime, poolSize, primary, readonlyReplica, replicaPoolSize }
}: WorkerConfigShape) =>
  MysqlPoolsLive({
    primary: poolOptions(primary, poolSize, connectionLifetime),
    replica: Option.getOrUndefined(
      Option.map(readonlyReplica, (replica) => poolOptions(replica, replicaPoolSize, connectionLifetime))
    )
  }).pipe(
    Layer.tap((pools) => Effect.provide(migrate, pools)),
    Layer.mapError(
      ({ operation, reason }) =>
        new DatabaseUnavailable({
          servers: [primary, ...Option.toArray(readonlyReplica)].map(serverOf),
          operation,
          reason
        })
    )
  )

/** The pools, once the servers answer and the primary has every table. Closed last, after whatever uses them. */
export const Database: Layer.Layer<MysqlPools, DatabaseUnavailable, WorkerConfig> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, openDatabase)
)

/** Several samples within any scrape interval. */
const sampleInterval = Duration.seconds(5)

/** Keeps the pool gauges true for as long as the scope is open. */
export const PoolUsageGauge: Layer.Layer<never, never, Db | WorkflowMetrics> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const db = yield* Db
    const metrics = yield* WorkflowMetrics
    const sample = Effect.flatMap(db.usage, (pools) =>
      Effect.forEach(
        pools,
        ({ idle, open, pool, waiting }) => metrics.setPoolUsage(pool, { idle, open, queued: waiting }),
        {
          discard: true
        }
      )
    )
    yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(sampleInterval)))
  })
)
