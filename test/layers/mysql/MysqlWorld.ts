import { Effect, Layer, Logger, LogLevel, Redacted, Schema } from "effect"
import { BuildLedgerLive } from "../../../src/layers/mysql/BuildLedgerLive.ts"
import { CertificateStoreLive } from "../../../src/layers/mysql/CertificateStoreLive.ts"
import { ClickhouseSettingsStoreLive } from "../../../src/layers/mysql/ClickhouseSettingsStoreLive.ts"
import { DbLive } from "../../../src/layers/mysql/DbLive.ts"
import { DeploymentStoreLive } from "../../../src/layers/mysql/DeploymentStoreLive.ts"
import { DomainProofStoreLive } from "../../../src/layers/mysql/DomainProofStoreLive.ts"
import { DomainStoreLive } from "../../../src/layers/mysql/DomainStoreLive.ts"
import { IdlePreviewStoreLive } from "../../../src/layers/mysql/IdlePreviewStoreLive.ts"
import { KeyRefillStoreLive } from "../../../src/layers/mysql/KeyRefillStoreLive.ts"
import type { MysqlPoolOptions } from "../../../src/layers/mysql/MysqlDriver.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { QuotaStoreLive } from "../../../src/layers/mysql/QuotaStoreLive.ts"
import { RegionStoreLive } from "../../../src/layers/mysql/RegionStoreLive.ts"
import { RouteStoreLive } from "../../../src/layers/mysql/RouteStoreLive.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { noRows, type Rows, type TableName, type Tables } from "../../support/memory/Tables.ts"
import { sortedRows, World } from "../../support/memory/World.ts"
import { accountOf } from "../../support/stack/Account.ts"
import { freshDatabase } from "../../support/stack/Database.ts"

/** Required columns that no store uses. */
const otherColumns: { readonly [T in TableName]: Readonly<Record<string, string | number>> } = {
  workspaces: { org_id: "", name: "", features: "{}", beta_features: "{}" },
  projects: { name: "" },
  environments: {},
  environment_runtime_settings: { sentinel_config: "" },
  deployments: { sentinel_config: "", encrypted_environment_variables: "" },
  deployment_steps: {},
  deployment_topology: {},
  sentinels: {},
  cilium_network_policies: {},
  instances: {},
  frontline_routes: {},
  custom_domains: {},
  acme_challenges: {},
  acme_users: {},
  certificates: {},
  quota: {},
  clickhouse_workspace_settings: {},
  keys: {},
  audit_log: {},
  audit_log_target: {}
}

/** Columns to dump, and how the driver's value becomes the one of a row: 64-bit numbers arrive as strings, flags as 0 and 1. */
const number = Schema.NullOr(Schema.Union(Schema.Number, Schema.NumberFromString))
const text = Schema.NullOr(Schema.String)
const flag = Schema.transform(Schema.Number, Schema.Boolean, {
  strict: true,
  decode: (value) => value !== 0,
  encode: (value) => (value ? 1 : 0)
})
const json = Schema.Union(Schema.Record({ key: Schema.String, value: Schema.Unknown }), Schema.parseJson())
/** DATETIME(3) arrives as a Date of UTC. */
const sqlTime = {
  strict: true,
  decode: (date: Date) => date.toISOString().replace("T", " ").replace("Z", ""),
  encode: (text: string) => new Date(`${text.replace(" ", "T")}Z`)
} as const
const columnSchemas: Readonly<Record<string, Schema.Schema.AnyNoContext>> = {
  is_rolled_back: flag,
  policy: json,
  region_config: Schema.Union(json, Schema.Unknown),
  port: number,
  healthcheck: Schema.NullOr(json),
  started_at: number,
  ended_at: number,
  created_at: number,
  updated_at: number,
  version: number,
  desired_replicas: number,
  available_replicas: number,
  cpu_millicores: number,
  memory_mib: number,
  ownership_verified: flag,
  cname_verified: flag,
  last_checked_at: number,
  check_attempts: number,
  expires_at: number,
  requests_per_month: number,
  logs_retention_days: number,
  quota_duration_seconds: number,
  max_queries_per_window: number,
  max_execution_time_per_window: number,
  max_query_execution_time: number,
  max_query_memory_bytes: number,
  max_query_result_rows: number,
  enabled: flag,
  refill_day: number,
  refill_amount: number,
  remaining_requests: number,
  updated_at_m: number,
  git_commit_timestamp: number,
  deleted_at_m: number,
  time: number,
  actor_meta: json,
  meta: json,
  last_refill_at: Schema.NullOr(Schema.DateFromSelf.pipe(Schema.transform(Schema.String, sqlTime)))
}

const columns: { readonly [T in TableName]: ReadonlyArray<keyof Tables[T] & string> } = {
  workspaces: ["id", "slug", "k8s_namespace"],
  projects: [
    "id",
    "workspace_id",
    "slug",
    "live_deployment_id",
    "is_rolled_back",
    "depot_project_id",
    "created_at",
    "updated_at"
  ],
  environments: ["id", "workspace_id", "project_id", "slug", "created_at"],
  environment_runtime_settings: ["workspace_id", "environment_id", "region_config", "created_at"],
  deployments: [
    "id",
    "k8s_name",
    "workspace_id",
    "project_id",
    "environment_id",
    "image",
    "build_id",
    "git_commit_sha",
    "git_branch",
    "git_commit_message",
    "git_commit_author_handle",
    "git_commit_author_avatar_url",
    "git_commit_timestamp",
    "port",
    "healthcheck",
    "status",
    "desired_state",
    "created_at",
    "updated_at"
  ],
  deployment_steps: [
    "workspace_id",
    "project_id",
    "environment_id",
    "deployment_id",
    "step",
    "started_at",
    "ended_at",
    "error"
  ],
  deployment_topology: [
    "workspace_id",
    "deployment_id",
    "region",
    "desired_replicas",
    "version",
    "desired_status",
    "created_at",
    "updated_at"
  ],
  sentinels: [
    "id",
    "workspace_id",
    "project_id",
    "environment_id",
    "k8s_name",
    "k8s_address",
    "region",
    "image",
    "health",
    "desired_replicas",
    "available_replicas",
    "cpu_millicores",
    "memory_mib",
    "version",
    "created_at",
    "updated_at"
  ],
  cilium_network_policies: [
    "id",
    "workspace_id",
    "project_id",
    "environment_id",
    "deployment_id",
    "k8s_name",
    "k8s_namespace",
    "region",
    "policy",
    "version",
    "created_at",
    "updated_at"
  ],
  instances: [
    "id",
    "deployment_id",
    "workspace_id",
    "project_id",
    "region",
    "k8s_name",
    "address",
    "cpu_millicores",
    "memory_mib",
    "status"
  ],
  frontline_routes: [
    "id",
    "project_id",
    "deployment_id",
    "environment_id",
    "fully_qualified_domain_name",
    "sticky",
    "created_at",
    "updated_at"
  ],
  custom_domains: [
    "id",
    "workspace_id",
    "project_id",
    "environment_id",
    "domain",
    "challenge_type",
    "verification_status",
    "verification_token",
    "ownership_verified",
    "cname_verified",
    "target_cname",
    "last_checked_at",
    "check_attempts",
    "verification_error",
    "invocation_id",
    "created_at",
    "updated_at"
  ],
  acme_challenges: [
    "domain_id",
    "workspace_id",
    "token",
    "challenge_type",
    "authorization",
    "status",
    "expires_at",
    "created_at",
    "updated_at"
  ],
  acme_users: ["id", "workspace_id", "encrypted_key", "registration_uri", "created_at", "updated_at"],
  certificates: ["id", "workspace_id", "hostname", "certificate", "encrypted_private_key", "created_at", "updated_at"],
  quota: ["workspace_id", "requests_per_month", "logs_retention_days"],
  clickhouse_workspace_settings: [
    "workspace_id",
    "username",
    "password_encrypted",
    "quota_duration_seconds",
    "max_queries_per_window",
    "max_execution_time_per_window",
    "max_query_execution_time",
    "max_query_memory_bytes",
    "max_query_result_rows",
    "created_at",
    "updated_at"
  ],
  keys: [
    "id",
    "key_auth_id",
    "hash",
    "start",
    "workspace_id",
    "name",
    "enabled",
    "refill_day",
    "refill_amount",
    "remaining_requests",
    "last_refill_at",
    "updated_at_m",
    "deleted_at_m"
  ],
  audit_log: [
    "id",
    "workspace_id",
    "bucket",
    "bucket_id",
    "event",
    "time",
    "display",
    "remote_ip",
    "user_agent",
    "actor_type",
    "actor_id",
    "actor_name",
    "actor_meta",
    "created_at",
    "updated_at"
  ],
  audit_log_target: [
    "audit_log_id",
    "id",
    "workspace_id",
    "bucket",
    "bucket_id",
    "display_name",
    "type",
    "name",
    "meta",
    "created_at",
    "updated_at"
  ]
}
// Object.keys widens to string; the keys are those of a record over every table.
const tableNames = Object.keys(columns) as ReadonlyArray<TableName>

/** The column that tests fill with any JSON, including strings and null. */
const anyJson = "region_config"

const toDriver = (column: string, value: unknown) => {
  if (column === anyJson) return JSON.stringify(value)
  if (typeof value === "boolean") return value ? 1 : 0
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value
}

const toColumns = (row: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column, toDriver(column, value)]))

const world = Layer.effect(
  World,
  Effect.gen(function* () {
    const { query, sql } = (yield* MysqlPools).primary
    const dumpTable = Effect.fnUntraced(function* (table: TableName) {
      const decode = Schema.decodeUnknown(
        Schema.Array(
          Schema.Struct(Object.fromEntries(columns[table].map((column) => [column, columnSchemas[column] ?? text])))
        )
      )
      const rows = yield* sql`SELECT ${sql.csv(columns[table].map((column) => sql`${sql(column)}`))} FROM ${sql(table)}`
      return [table, yield* Effect.orDie(decode(rows))] as const
    })
    const others = (table: TableName, row: object) => ({
      ...otherColumns[table],
      ...(table === "workspaces" && "id" in row ? { org_id: `org_${row.id}` } : {})
    })
    return World.of({
      insert: (table, row) =>
        sql`INSERT INTO ${sql(table)} ${sql.insert({ ...others(table, row), ...toColumns(row) })}`.pipe(
          Effect.asVoid,
          Effect.orDie
        ),
      update: (table, where, set) =>
        sql`UPDATE ${sql(table)} SET ${sql.update(toColumns(set))}
            WHERE ${sql.and(Object.entries(toColumns(where)).map(([column, value]) => sql`${sql(column)} = ${value}`))}`.pipe(
          Effect.asVoid,
          Effect.orDie
        ),
      dump: Effect.forEach(tableNames, dumpTable).pipe(
        // Decoded column by column above; the union of tables cannot follow that.
        // Repeated like any read: tests kill connections that lie idle in the pool.
        (read) => query("dump", read),
        Effect.map((tables) => sortedRows({ ...noRows, ...(Object.fromEntries(tables) as unknown as Rows) })),
        Effect.orDie
      ),
      clear: Effect.forEach(tableNames, (table) => sql`DELETE FROM ${sql(table)}`, { discard: true }).pipe(Effect.orDie)
    })
  })
)

/** Options of a pool on a database given as a URL of the test stack. */
export const poolOptions = (url: string): MysqlPoolOptions => {
  const { hostname, password, pathname, port, username } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    ...(password === "" ? {} : { password: Redacted.make(decodeURIComponent(password)) })
  }
}

/** Suppresses the log line of a migration. */
export const quietly = Logger.withMinimumLogLevel(LogLevel.Warning)

/** Pools on a new, migrated database. */
export const freshPools = Layer.unwrapScoped(
  Effect.map(freshDatabase, (url) =>
    Layer.tap(MysqlPoolsLive({ primary: poolOptions(url) }), (context) => Effect.provide(quietly(migrate), context))
  )
)

/** Stores on the given pools, with the surrounding services. */
export const mysqlStores = Layer.mergeAll(
  DbLive,
  DeploymentStoreLive,
  DomainProofStoreLive,
  DomainStoreLive,
  CertificateStoreLive,
  RouteStoreLive,
  RegionStoreLive,
  ClickhouseSettingsStoreLive,
  IdlePreviewStoreLive,
  KeyRefillStoreLive,
  QuotaStoreLive,
  BuildLedgerLive,
  world
)

/** The stores on a new database of the real server. */
export const mysqlWorld = Layer.provideMerge(mysqlStores, freshPools)

/** Pools of a worker on a migrated database, with exactly the privileges of the operators' guide. */
const servingPools = Layer.unwrapScoped(
  Effect.gen(function* () {
    const database = yield* freshDatabase
    yield* Effect.provide(quietly(migrate), MysqlPoolsLive({ primary: poolOptions(database) }))
    return MysqlPoolsLive({
      primary: poolOptions(yield* accountOf(database, "control_plane")),
      replica: poolOptions(yield* accountOf(database, "control_plane_replica"))
    })
  })
)

/** The same with a replica, with accounts that may not change the schema. */
export const servingWorld = Layer.provideMerge(mysqlStores, servingPools)
