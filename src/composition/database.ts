import { Duration, Effect, Layer, Option, Schema } from "effect"
import type { MysqlAddress } from "../config/MysqlAddress.ts"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { databaseProblemOf, loginRefusalOf } from "../layers/mysql/loginRefusals.ts"
import type { MysqlPoolOptions } from "../layers/mysql/MysqlDriver.ts"
import { MysqlPools, MysqlPoolsLive } from "../layers/mysql/MysqlPools.ts"
import { migrate, migrateForward, requireMigrated, requireSupported, schemaState } from "../migrations/migrate.ts"
import type { SchemaPending, SchemaUnsupported } from "../migrations/schemaState.ts"
import { DbError, DbErrorReason, type DbFailure, DbRefused, DbRefusedReason } from "../services/Db.ts"
import { fromConfig } from "./fromConfig.ts"

/** The database cannot be reached, or its schema cannot be migrated. */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()("DatabaseUnavailable", {
  servers: Schema.Array(Schema.String),
  operation: Schema.String,
  reason: Schema.Union(DbErrorReason, DbRefusedReason),
  errno: Schema.optional(Schema.Number),
  code: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const servers = this.servers.join(" and ")
    const refusal = loginRefusalOf(this)
    if (refusal !== undefined)
      return `cannot use the database at ${servers}: ${refusal}. Check database.primary and database.readonly_replica`
    const advice =
      this.reason === "denied"
        ? "The account lacks a right: docs/operating.md lists the grants"
        : "Check that it runs and what database.primary and database.readonly_replica say"
    const problem = databaseProblemOf(this) ?? `${this.operation} failed (${this.reason})`
    return `cannot use the database at ${servers}: ${problem}. ${advice}`
  }
}

const serverOf = ({ database, host, port, socketPath }: MysqlAddress): string =>
  `${Option.getOrElse(socketPath, () => `${host}:${port}`)}/${database}`

export const poolOptions = (
  address: MysqlAddress,
  maxConnections: number,
  { connectionLifetime, ownDatabase }: Pick<WorkerConfigShape["database"], "connectionLifetime" | "ownDatabase">
): MysqlPoolOptions => ({
  host: address.host,
  port: address.port,
  socketPath: Option.getOrUndefined(address.socketPath),
  database: address.database,
  ownDatabase: Option.getOrUndefined(Option.filter(ownDatabase, (name) => name !== address.database)),
  user: address.user,
  password: address.password,
  maxConnections,
  connectionLifetime,
  // A pool cannot fall back to plain text, so "preferred" always encrypts.
  tls: address.tls === "off" ? undefined : { rejectUnauthorized: address.tls === "verify" }
})

/** Connection of each configured server. */
export const databaseServers = ({ database }: WorkerConfigShape) => ({
  primary: poolOptions(database.primary, database.poolSize, database),
  replica: Option.map(database.readonlyReplica, (replica) => poolOptions(replica, database.replicaPoolSize, database))
})

/** The failed operation and its servers. */
const unavailable = (addresses: ReadonlyArray<MysqlAddress>) => (failure: DbFailure) => {
  const { errno, operation, reason } = failure
  const code = failure._tag === "DbError" ? failure.code : undefined
  return new DatabaseUnavailable({
    servers: addresses.map(serverOf),
    operation,
    reason,
    ...(errno === undefined ? {} : { errno }),
    ...(code === undefined ? {} : { code })
  })
}

const isDbFailure = (error: unknown): error is DbFailure => error instanceof DbError || error instanceof DbRefused

/** Keeps errors whose message says what to do. */
const orUnavailable =
  (addresses: ReadonlyArray<MysqlAddress>) =>
  <E>(error: E | DbFailure) =>
    isDbFailure(error) ? unavailable(addresses)(error) : error

const openDatabase = (config: WorkerConfigShape) => {
  const { primary, replica } = databaseServers(config)
  const schema = config.database.migrate === "off" ? requireMigrated : migrate
  return MysqlPoolsLive({ primary, replica: Option.getOrUndefined(replica) }).pipe(
    Layer.tap((pools) => Effect.provide(schema, pools)),
    Layer.mapError(orUnavailable([config.database.primary, ...Option.toArray(config.database.readonlyReplica)]))
  )
}

/** The pools, once the servers answer and the primary has every table. Closed after everything that uses them. */
export const Database: Layer.Layer<MysqlPools, DatabaseUnavailable | SchemaUnsupported | SchemaPending, WorkerConfig> =
  fromConfig(openDatabase)

/** The primary alone, whatever its schema is. For commands that only read. */
export const PrimaryOnly: Layer.Layer<MysqlPools, DatabaseUnavailable, WorkerConfig> = fromConfig((config) =>
  MysqlPoolsLive({ primary: databaseServers(config).primary }).pipe(
    Layer.mapError(unavailable([config.database.primary]))
  )
)

/** An index over a large table takes minutes: `migrate` waits for it, a worker's start does not. */
const migrationTimeout = Duration.hours(1)

/** Runs a migration on the primary, with the errors of a start. */
const onPrimary = <A, E>(use: Effect.Effect<A, E | DbFailure, MysqlPools>) =>
  Effect.flatMap(WorkerConfig, (config) =>
    use.pipe(
      Effect.provide(
        MysqlPoolsLive({ primary: { ...databaseServers(config).primary, statementTimeout: migrationTimeout } })
      ),
      Effect.mapError(orUnavailable([config.database.primary]))
    )
  )

/** Applied and pending migrations of the primary. Read-only. */
export const migrationPlan = onPrimary(
  Effect.flatMap(MysqlPools, ({ primary }) => Effect.flatMap(schemaState(primary), requireSupported))
)

/**
 * Applies pending migrations and restores dropped indexes, unless a newer version has migrated the database. Safe to
 * run concurrently.
 */
export const applyMigrations = onPrimary(migrateForward)
