import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Layer, Schema } from "effect"
import { max } from "effect/BigInt"
import { makeKnownCounters } from "../../services/deploy/knownCounters.ts"
import {
  type RegionPlan,
  type RegionRequest,
  type RegionSnapshot,
  RegionStore,
  type SentinelRow,
  type Topology
} from "../../services/deploy/RegionStore.ts"
import type { MysqlPool } from "./MysqlPool.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { newestVersions, readSnapshot } from "./regionSnapshot.ts"
import { decodeFirst } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const newest = decodeFirst(Schema.Struct({ version: Schema.NullOr(Schema.BigIntFromSelf) }))

const RegionRow = Schema.Struct({ version: Schema.BigIntFromSelf, allocated: Schema.BigIntFromSelf })
const regionRow = decodeFirst(RegionRow)

type Connected = Pick<MysqlPool, "ownTable" | "sql">

/** In the tables, or handed out. */
const usedVersions = ({ ownTable, sql }: Connected, region: string) => sql`
  ${newestVersions(sql, region)}
  UNION ALL SELECT version FROM ${ownTable("ctrl_worker_regions")} WHERE region = ${region}`

const readMaxVersion = (connected: Connected, region: string) =>
  Effect.map(
    newest(connected.sql`SELECT MAX(used.version) AS version FROM (${usedVersions(connected, region)}) AS used`),
    (row) => row?.version ?? 0n
  )

/**
 * Serializes all writers of the region: until the end of the transaction no other one reads or writes its versions. Nothing else
 * is locked before this row.
 */
const lockRegion = Effect.fnUntraced(function* ({ ownTable, sql }: Connected, region: string) {
  const lock = regionRow(sql`
    SELECT version, allocated FROM ${ownTable("ctrl_worker_regions")} WHERE region = ${region} FOR UPDATE`)
  const found = yield* lock
  if (found !== null) return found
  yield* sql`
    INSERT INTO ${ownTable("ctrl_worker_regions")} ${sql.insert({ region, version: 0, allocated: 0 })}
    ON DUPLICATE KEY UPDATE region = ${region}`
  return (yield* lock) ?? { version: 0n, allocated: 0n }
})

const raise = ({ ownTable, sql }: Connected, region: string, row: typeof RegionRow.Type) => sql`
  UPDATE ${ownTable("ctrl_worker_regions")}
  SET ${sql.update({ version: String(row.version), allocated: String(row.allocated) })} WHERE region = ${region}`

// Rows in the snapshot are updated, others inserted. An upsert would not work: it would also absorb a collision on an id or on
// (region, version) and change another row. Updates never lower a version.

const isOlder = (sql: SqlClient, version: bigint) => sql`version < CAST(${String(version)} AS UNSIGNED)`

type PolicyToWrite = RegionPlan["policies"][number]

const policyColumns = ({ k8sNamespace, policy, version }: PolicyToWrite) => ({
  policy: JSON.stringify(policy),
  k8sNamespace,
  version: String(version)
})

const updatePolicy = (sql: SqlClient, { at, deploymentId, region }: RegionRequest, row: PolicyToWrite) => sql`
  UPDATE cilium_network_policies SET ${sql.update({ ...policyColumns(row), updatedAt: at })}
  WHERE deployment_id = ${deploymentId} AND region = ${region} AND k8s_name = ${row.k8sName}
    AND ${isOlder(sql, row.version)}`

const insertPolicies = (sql: SqlClient, { at, ...owner }: RegionRequest, rows: ReadonlyArray<PolicyToWrite>) =>
  sql`INSERT INTO cilium_network_policies ${sql.insert(
    rows.map((row) => ({ id: row.id, ...owner, k8sName: row.k8sName, ...policyColumns(row), createdAt: at }))
  )}`

const writeSentinel = (
  sql: SqlClient,
  { at, environmentId, projectId, region, workspaceId }: RegionRequest,
  exists: boolean,
  { version, ...row }: SentinelRow & { readonly version: bigint }
) => {
  const created = { health: "unknown", availableReplicas: 0, createdAt: at }
  return exists
    ? sql`UPDATE sentinels SET ${sql.update({ image: row.image, version: String(version), updatedAt: at })}
          WHERE environment_id = ${environmentId} AND region = ${region} AND ${isOlder(sql, version)}`
    : sql`INSERT INTO sentinels ${sql.insert({ ...row, version: String(version), workspaceId, projectId, environmentId, region, ...created })}`
}

const writeTopology = (
  sql: SqlClient,
  { at, deploymentId, region, workspaceId }: RegionRequest,
  exists: boolean,
  row: Topology
) => {
  const set = { ...row, version: String(row.version) }
  return exists
    ? sql`UPDATE deployment_topology SET ${sql.update({ ...set, updatedAt: at })}
          WHERE deployment_id = ${deploymentId} AND region = ${region} AND ${isOlder(sql, row.version)}`
    : sql`INSERT INTO deployment_topology ${sql.insert({ ...set, workspaceId, deploymentId, region, createdAt: at })}`
}

const writePlan = Effect.fnUntraced(function* (
  sql: SqlClient,
  request: RegionRequest,
  snapshot: RegionSnapshot,
  plan: RegionPlan
) {
  const [missing, existing] = Arr.partition(plan.policies, (policy) =>
    snapshot.policies.some((row) => row.k8sName === policy.k8sName)
  )
  for (const policy of existing) yield* updatePolicy(sql, request, policy)
  if (missing.length > 0) yield* insertPolicies(sql, request, missing)
  if (plan.sentinel !== null) yield* writeSentinel(sql, request, snapshot.sentinel !== null, plan.sentinel)
  if (plan.topology !== null) yield* writeTopology(sql, request, snapshot.topology !== null, plan.topology)
})

const allocate = Effect.fnUntraced(function* (connected: Connected, region: string, candidate: bigint) {
  const locked = yield* lockRegion(connected, region)
  // The candidate is above all that were handed out before: this is a repetition.
  if (locked.allocated >= candidate) return locked.allocated
  const version = max(candidate, (yield* readMaxVersion(connected, region)) + 1n)
  yield* raise(connected, region, { version, allocated: version })
  return version
})

const transact = Effect.fnUntraced(function* (
  connected: Connected,
  request: RegionRequest,
  decide: (snapshot: RegionSnapshot) => RegionPlan
) {
  const { sql } = connected
  const locked = yield* lockRegion(connected, request.region)
  const stored = yield* readSnapshot(sql, request)
  const snapshot = { ...stored, maxVersion: max(stored.maxVersion, locked.version) }
  const plan = decide(snapshot)
  yield* writePlan(sql, request, snapshot, plan)
  if (plan.highestVersion > locked.version)
    yield* raise(connected, request.region, { ...locked, version: plan.highestVersion })
  return plan
})

/** Transactions of one region that hold a connection, in this process: all but one of them wait for the region's lock. */
const connectionsPerRegion = 3

/** Regions are few, so their semaphores are kept. */
const makeLimits = Effect.sync(() => {
  const limits = new Map<string, Effect.Semaphore>()
  return (region: string) => {
    const limit = limits.get(region) ?? Effect.unsafeMakeSemaphore(connectionsPerRegion)
    limits.set(region, limit)
    return limit.withPermits(1)
  }
})

export const RegionStoreLive: Layer.Layer<RegionStore, never, MysqlPools> = Layer.effect(
  RegionStore,
  Effect.gen(function* () {
    const { primary } = yield* MysqlPools
    const { query, replanned, transaction } = storeMethods("RegionStore", primary)
    const limited = yield* makeLimits
    const transactions = replanned(
      "transact",
      (request: RegionRequest, decide: (snapshot: RegionSnapshot) => RegionPlan) => transact(primary, request, decide)
    )
    return RegionStore.of({
      ...(yield* makeKnownCounters),
      maxVersion: query("maxVersion", (region: string) => readMaxVersion(primary, region)),
      allocate: transaction("allocate", (region: string, candidate: bigint) => allocate(primary, region, candidate)),
      transact: (request, decide) => limited(request.region)(transactions(request, decide))
    })
  })
)
