import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import { BuildList, type ListedBuild } from "../../operations/lists/BuildList.ts"
import type { PageRequest } from "../../operations/lists/Page.ts"
import type { BuildIdsOf } from "./BuildRecordsLive.ts"
import { databaseUnavailable } from "./databaseUnavailable.ts"
import { LedgerRow, ledgerColumns, recordOf } from "./ledgerRows.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { newestFirst } from "./newestFirst.ts"
import { decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const ledger = decodeRows(Schema.Struct({ ...LedgerRow.fields, pk: Schema.Number }))

const Text = Schema.NullOr(Schema.String)
const deployments = decodeRows(
  Schema.Struct({
    id: Schema.String,
    buildId: Text,
    projectId: Schema.String,
    projectSlug: Text,
    workspaceSlug: Text,
    gitCommitSha: Text,
    gitBranch: Text
  })
)
type Deployment = Effect.Effect.Success<ReturnType<typeof deployments>>[number]
const ids = decodeRows(Schema.Struct({ id: Schema.String }))

/** Deployments of each status whose builds are compared. */
const searched = 200
const statuses = ["pending", "building", "failed"]
const newest = statuses
  .map((status) => `(SELECT id FROM deployments WHERE status = '${status}' ORDER BY pk DESC LIMIT ${searched})`)
  .join(" UNION ALL ")

const findBy = (sql: SqlClient, column: "build_id" | "id", values: ReadonlyArray<string>) =>
  values.length === 0
    ? Effect.succeed([])
    : deployments(sql`
        SELECT d.id, d.build_id, d.project_id, p.slug AS project_slug, w.slug AS workspace_slug, d.git_commit_sha,
               d.git_branch
        FROM deployments d
        LEFT JOIN projects p ON p.id = d.project_id
        LEFT JOIN workspaces w ON w.id = d.workspace_id
        WHERE ${sql(`d.${column}`)} IN ${sql.in(values)}`)

/**
 * The deployments of builds. A deployment has the id of its build once that has succeeded; the id of any other is a hash of the
 * deployment's id. The ledger may be in another database with another collation: it is not joined.
 */
const deploymentsOf = Effect.fnUntraced(function* (sql: SqlClient, idsOf: BuildIdsOf, builds: ReadonlyArray<string>) {
  const named = yield* findBy(sql, "build_id", builds)
  const found = new Map<string, Deployment>(named.flatMap((row) => (row.buildId === null ? [] : [[row.buildId, row]])))
  const unnamed = new Set(builds.filter((build) => !found.has(build)))
  if (unnamed.size === 0) return found
  const candidates = yield* ids(sql`${sql.literal(newest)}`)
  const hashed = candidates.flatMap(({ id }) =>
    idsOf(id).flatMap((build) => (unnamed.has(build) ? [[build, id] as const] : []))
  )
  const rows = yield* findBy(sql, "id", [...new Set(hashed.map(([, id]) => id))])
  for (const [build, id] of hashed) {
    const row = rows.find((candidate) => candidate.id === id)
    if (row !== undefined) found.set(build, row)
  }
  return found
})

const itemOf = (row: typeof LedgerRow.Type, deployment: Deployment | undefined): ListedBuild => ({
  ...recordOf(row),
  deploymentId: deployment?.id ?? null,
  projectId: deployment?.projectId ?? null,
  projectSlug: deployment?.projectSlug ?? null,
  workspaceSlug: deployment?.workspaceSlug ?? null,
  gitCommitSha: deployment?.gitCommitSha ?? null,
  gitBranch: deployment?.gitBranch ?? null
})

/** The ledger by its primary key, the ids of builds of a deployment, and the deployments. */
export const BuildListLive = (buildIdsOf: BuildIdsOf): Layer.Layer<BuildList, never, MysqlPools> =>
  Layer.effect(
    BuildList,
    Effect.map(MysqlPools, ({ primary }) => {
      const { sql } = primary
      const table = primary.ownTable("ctrl_worker_builds")
      const readPage = Effect.fnUntraced(function* (request: PageRequest) {
        const { keys, page } = newestFirst(sql, request)
        const rows = yield* ledger(sql`
          SELECT b.pk, ${sql.literal(ledgerColumns)} FROM ${keys(table, [])} k JOIN ${table} b ON b.pk = k.pk
          ORDER BY b.pk DESC`)
        const found = yield* deploymentsOf(
          sql,
          buildIdsOf,
          rows.map(({ buildId }) => buildId)
        )
        return page(rows, (row) => itemOf(row, found.get(row.buildId)))
      })
      const { query } = storeMethods("BuildList", primary)
      const readTraced = query("page", readPage)
      return BuildList.of({ page: (request) => Effect.mapError(readTraced(request), databaseUnavailable) })
    })
  )
