import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Option, Schema } from "effect"
import { BuildRecords, type FoundBuilds } from "../../operations/build/BuildRecords.ts"
import { DeploymentStatus } from "../../services/deploy/Deployment.ts"
import { databaseUnavailable } from "./databaseUnavailable.ts"
import { LedgerRow, ledgerColumns, recordOf } from "./ledgerRows.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

/** The ids of a deployment's builds, in the order of the attempts. */
export type BuildIdsOf = (deploymentId: string) => ReadonlyArray<string>

const deploymentId = decodeFirst(Schema.Struct({ id: Schema.String }))
const deploymentIds = decodeRows(Schema.Struct({ id: Schema.String }))
const builds = decodeRows(LedgerRow)

/** Deployments of each status whose builds are compared. */
const searched = 500

/** A deployment has the id of its build only once that has succeeded. Both columns are unique. */
const findNamed = (sql: SqlClient, id: string) =>
  deploymentId(sql`
    SELECT id FROM deployments WHERE id = ${id} UNION ALL SELECT id FROM deployments WHERE build_id = ${id} LIMIT 1`)

/** An id of a build is a hash of its deployment's id. The index on the status ends with the primary key. */
const findHashed = (sql: SqlClient, id: string, idsOf: BuildIdsOf) => {
  const newest = DeploymentStatus.literals.map(
    (status) => `(SELECT id FROM deployments WHERE status = '${status}' ORDER BY pk DESC LIMIT ${searched})`
  )
  return Effect.map(
    deploymentIds(sql`${sql.literal(newest.join(" UNION ALL "))}`),
    (rows) => rows.find((row) => idsOf(row.id).includes(id))?.id ?? null
  )
}

/** The ledger, the ids of builds of a deployment, and the deployments. */
export const BuildRecordsLive = (buildIdsOf: BuildIdsOf): Layer.Layer<BuildRecords, never, MysqlPools> =>
  Layer.effect(
    BuildRecords,
    Effect.map(MysqlPools, ({ primary }) => {
      const { sql } = primary
      const table = primary.ownTable("ctrl_worker_builds")
      const findBuilds = (ids: ReadonlyArray<string>) =>
        builds(sql`
          SELECT ${sql.literal(ledgerColumns)} FROM ${table} WHERE build_id IN ${sql.in(ids)}`)
      const find = Effect.fnUntraced(function* (id: string) {
        const named = yield* findNamed(sql, id)
        const deployment = named?.id ?? (yield* findHashed(sql, id, buildIdsOf))
        const buildIds = deployment === null ? [id] : buildIdsOf(deployment)
        const rows = yield* findBuilds(buildIds)
        if (deployment === null && rows.length === 0) return Option.none()
        const records = buildIds.flatMap((buildId) => rows.filter((row) => row.buildId === buildId).map(recordOf))
        return Option.some<FoundBuilds>({ deploymentId: deployment, buildIds, builds: records })
      })
      const { query } = storeMethods("BuildRecords", primary)
      const findTraced = query("find", find)
      return BuildRecords.of({ find: (id) => Effect.mapError(findTraced(id), databaseUnavailable) })
    })
  )
