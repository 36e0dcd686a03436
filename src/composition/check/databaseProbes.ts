import { Effect, Schema } from "effect"
import type { WorkerConfigShape } from "../../config.ts"
import { databaseProblemOf, loginRefusalOf } from "../../layers/mysql/loginRefusals.ts"
import type { MysqlPoolOptions } from "../../layers/mysql/MysqlDriver.ts"
import { makeMysqlPool } from "../../layers/mysql/MysqlPool.ts"
import { ping } from "../../layers/mysql/MysqlPools.ts"
import { takenPlatformDomains } from "../../layers/mysql/platformDomains.ts"
import { decodeRows } from "../../layers/mysql/rows.ts"
import { requireSupported, schemaState } from "../../migrations/migrate.ts"
import { type SchemaState, type SchemaUnsupported, supportedVersions } from "../../migrations/schemaState.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { DependencyFailed } from "../../operations/dependencies.ts"
import type { DbFailure } from "../../services/Db.ts"
import { databaseServers } from "../database.ts"

const versionRows = decodeRows(Schema.Struct({ version: Schema.String }))

/** Names the server that was asked. */
const failed =
  (setting: string, { database, host, port, socketPath }: MysqlPoolOptions) =>
  (error: DbFailure): DependencyFailed => {
    const refusal = loginRefusalOf(error)
    return new DependencyFailed({
      reason: `${socketPath ?? `${host}:${port}`}/${database}: ${databaseProblemOf(error) ?? error.message}`,
      advice: refusal === undefined ? `Check that it runs and what ${setting} says` : `Check ${setting}`
    })
  }

const describeMigrations = ({ pending, unknown }: SchemaState): string => {
  if (unknown.length > 0) return "schema of a newer version"
  return pending.length === 0
    ? "schema up to date"
    : `${pending.length} migrations pending: serve or migrate applies them`
}

const describe = (state: SchemaState): string =>
  [
    describeMigrations(state),
    ...state.missingIndexes.map(
      ({ name, table }) => `index ${name} of ${table} is missing: statements are slow until migrate --apply restores it`
    )
  ].join("; ")

const notServed = (setting: string) => (error: SchemaUnsupported) =>
  new DependencyFailed({
    reason: `the schema of an Unkey version that this worker does not serve: it has the ${error.found.join(", the ")}`,
    advice: `Served are Unkey ${supportedVersions}: check ${setting}, or run the worker of that version`
  })

/** Not ok if a start would refuse it. */
const startable = (migrate: string) => (state: SchemaState) =>
  migrate === "off" && state.pending.length > 0
    ? new DependencyFailed({
        reason: `${state.pending.length} migrations pending, and database.migrate is off`,
        advice: "Run migrate --apply with an account that may change the schema"
      })
    : Effect.succeed(state)

/** Opens a pool of its own, without the retries of a start. */
const server = (setting: string, options: MysqlPoolOptions, migrate: string) =>
  Effect.gen(function* () {
    const pool = yield* makeMysqlPool("primary", { ...options, maxConnections: 1 })
    yield* ping(pool)
    const [row] = yield* pool.query("version", versionRows(pool.sql`SELECT VERSION() AS version`))
    return { version: row?.version ?? "", state: yield* schemaState(pool) }
  }).pipe(
    Effect.scoped,
    Effect.mapError(failed(setting, options)),
    Effect.tap(({ state }) => Effect.mapError(requireSupported(state), notServed(setting))),
    Effect.tap(({ state }) => startable(migrate)(state)),
    Effect.map(({ state, version }) => `${version}; ${describe(state)}`)
  )

const platformNamesAdvice = "Have the API delete these rows: docs/runbooks.md, ControlPlaneWorkerPlatformNameTaken"

/** Whether only the platform has rows with the platform's own names. */
export const platformNames = (config: WorkerConfigShape, names: ReadonlyArray<DomainName>) => {
  const options = { ...databaseServers(config).primary, maxConnections: 1 }
  return Effect.gen(function* () {
    const pool = yield* makeMysqlPool("primary", options)
    return yield* pool.query("platform-names", takenPlatformDomains(pool.sql, names))
  }).pipe(
    Effect.scoped,
    // Before the first migration there is no table.
    Effect.catchIf(
      ({ reason }) => reason === "unknown_object",
      () => Effect.succeed([])
    ),
    Effect.mapError(failed("database.primary", options)),
    Effect.flatMap((taken) => {
      if (taken.length === 0) return Effect.succeed(`${names.join(", ")}: the platform's alone`)
      const rows = taken.map(({ id, name, workspaceId }) => `${id} of ${workspaceId} has ${name}`)
      return new DependencyFailed({ reason: `rows of tenants: ${rows.join(", ")}`, advice: platformNamesAdvice })
    })
  )
}

export const primary = (config: WorkerConfigShape) =>
  server("database.primary", databaseServers(config).primary, config.database.migrate)

export const replica = (config: WorkerConfigShape) =>
  Effect.flatMap(Effect.orDie(databaseServers(config).replica), (options) =>
    server("database.readonly_replica", options, config.database.migrate)
  )
