import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Option, Schema } from "effect"
import {
  Deployment,
  DeploymentStatus,
  DesiredState,
  HealthCheck,
  InstanceStatus,
  type RegionInstances
} from "../../services/deploy/Deployment.ts"
import { DeploymentStore, type GitCommit, type PhaseChange } from "../../services/deploy/DeploymentStore.ts"
import { maxRegionConfigBytes, regionConfigOf } from "../../services/deploy/regionConfig.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeRows, Flag, Integer64, Lenient } from "./rows.ts"

const contextRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    k8sName: Schema.String,
    workspaceId: Schema.String,
    projectId: Schema.String,
    environmentId: Schema.String,
    port: Schema.Number,
    cpuMillicores: Schema.Number,
    memoryMib: Schema.Number,
    healthCheck: Lenient(HealthCheck),
    gitCommitSha: Schema.NullOr(Schema.String),
    gitBranch: Schema.NullOr(Schema.String),
    status: DeploymentStatus,
    desiredState: DesiredState,
    createdAt: Integer64,
    workspaceSlug: Schema.NullOr(Schema.String),
    projectSlug: Schema.NullOr(Schema.String),
    liveDeploymentId: Schema.NullOr(Schema.String),
    isRolledBack: Flag,
    environmentSlug: Schema.NullOr(Schema.String)
  })
)
const namespaceRows = decodeRows(Schema.Struct({ k8sNamespace: Schema.NullOr(Schema.String) }))
const ownerRows = decodeRows(
  Schema.Struct({
    workspaceId: Schema.String,
    projectId: Schema.String,
    environmentId: Schema.String,
    status: DeploymentStatus
  })
)
const regionConfigRows = decodeRows(Schema.Struct({ json: Schema.NullOr(Schema.String) }))
const regionRows = decodeRows(Schema.Struct({ region: Schema.String }))
const instanceRows = decodeRows(
  Schema.Struct({
    region: Schema.String,
    desiredReplicas: Schema.Number,
    k8sName: Schema.NullOr(Schema.String),
    status: Schema.NullOr(InstanceStatus)
  })
)
const reachabilityRows = decodeRows(Schema.Struct({ hasHealthySentinel: Flag, hasRoutes: Flag }))
const depotProjectRows = decodeRows(Schema.Struct({ depotProjectId: Schema.NullOr(Schema.String) }))
const projectIdRows = decodeRows(Schema.Struct({ projectId: Schema.String }))
const commitRows = decodeRows(Schema.Struct({ sha: Schema.NullOr(Schema.String) }))
const liveRows = decodeRows(Schema.Struct({ liveDeploymentId: Schema.NullOr(Schema.String) }))

const selectContext = (sql: SqlClient, deploymentId: string) =>
  contextRows(sql`
    SELECT d.id, d.k8s_name AS k8sName, d.workspace_id AS workspaceId, d.project_id AS projectId,
           d.environment_id AS environmentId, d.port, d.cpu_millicores AS cpuMillicores, d.memory_mib AS memoryMib,
           d.healthcheck AS healthCheck, d.git_commit_sha AS gitCommitSha, d.git_branch AS gitBranch, d.status,
           d.desired_state AS desiredState, d.created_at AS createdAt, w.slug AS workspaceSlug,
           p.slug AS projectSlug, p.live_deployment_id AS liveDeploymentId,
           COALESCE(p.is_rolled_back, 0) AS isRolledBack, e.slug AS environmentSlug
    FROM deployments d
    LEFT JOIN workspaces w ON w.id = d.workspace_id
    LEFT JOIN projects p ON p.id = d.project_id
    LEFT JOIN environments e ON e.id = d.environment_id
    WHERE d.id = ${deploymentId}`)

/** Locks the deployment's row, which serializes changes of one deployment. */
const lockDeployment = (sql: SqlClient, deploymentId: string) =>
  Effect.map(
    ownerRows(sql`
      SELECT workspace_id AS workspaceId, project_id AS projectId, environment_id AS environmentId, status
      FROM deployments WHERE id = ${deploymentId} FOR UPDATE`),
    ([row]) => row
  )

/**
 * Locks the project's row and returns whether the deployment is its live one; undefined if the deployment does not exist. The
 * project is read without a lock, because a deployment never changes its project. It is locked before any deployment, as in all
 * transactions.
 */
const lockLive = Effect.fnUntraced(function* (sql: SqlClient, deploymentId: string) {
  const [deployment] = yield* projectIdRows(
    sql`SELECT project_id AS projectId FROM deployments WHERE id = ${deploymentId}`
  )
  if (deployment === undefined) return undefined
  const [project] = yield* liveRows(
    sql`SELECT live_deployment_id AS liveDeploymentId FROM projects WHERE id = ${deployment.projectId} FOR UPDATE`
  )
  return project?.liveDeploymentId === deploymentId
})

const writePhaseChange = Effect.fnUntraced(function* (sql: SqlClient, change: PhaseChange) {
  const { at, deploymentId } = change
  const owner = yield* lockDeployment(sql, deploymentId)
  if (owner === undefined || owner.status === "ready" || owner.status === "failed") return
  if (change.close !== undefined) {
    yield* sql`
      UPDATE deployment_steps SET ended_at = ${at}
      WHERE deployment_id = ${deploymentId} AND step = ${change.close} AND ended_at IS NULL`
  }
  if (change.open !== undefined) {
    // The only unique key is (deployment_id, step), so the no-op update can only hit the same step.
    yield* sql`
      INSERT INTO deployment_steps (workspace_id, project_id, environment_id, deployment_id, step, started_at)
      VALUES (${owner.workspaceId}, ${owner.projectId}, ${owner.environmentId}, ${deploymentId}, ${change.open}, ${at})
      ON DUPLICATE KEY UPDATE step = ${change.open}`
  }
  if (change.status !== undefined) {
    yield* sql`UPDATE deployments SET status = ${change.status}, updated_at = ${at} WHERE id = ${deploymentId}`
  }
  if (change.image !== undefined) {
    yield* sql`UPDATE deployments SET image = ${change.image}, updated_at = ${at} WHERE id = ${deploymentId}`
  }
  if (change.buildId !== undefined) {
    yield* sql`UPDATE deployments SET build_id = ${change.buildId}, updated_at = ${at} WHERE id = ${deploymentId}`
  }
})

const writeCommit = Effect.fnUntraced(function* (
  sql: SqlClient,
  change: { readonly deploymentId: string; readonly commit: GitCommit; readonly at: number }
) {
  const { at, commit, deploymentId } = change
  const owner = yield* lockDeployment(sql, deploymentId)
  if (owner === undefined) return Option.none<string>()
  if (owner.status === "pending") {
    yield* sql`
      UPDATE deployments
      SET git_commit_sha = ${commit.sha}, git_branch = ${commit.branch}, git_commit_message = ${commit.message},
          git_commit_author_handle = ${commit.authorHandle}, git_commit_author_avatar_url = ${commit.authorAvatarUrl},
          git_commit_timestamp = ${commit.timestamp}, updated_at = ${at}
      WHERE id = ${deploymentId}`
  }
  const [row] = yield* commitRows(sql`SELECT git_commit_sha AS sha FROM deployments WHERE id = ${deploymentId}`)
  return Option.some(row?.sha ?? commit.sha)
})

const writeFailure = Effect.fnUntraced(function* (
  sql: SqlClient,
  failure: { readonly deploymentId: string; readonly message: string; readonly at: number }
) {
  if (yield* lockLive(sql, failure.deploymentId)) return
  const owner = yield* lockDeployment(sql, failure.deploymentId)
  if (owner === undefined || owner.status === "ready") return
  yield* sql`UPDATE deployments SET status = 'failed', updated_at = ${failure.at} WHERE id = ${failure.deploymentId}`
  // The column holds 512 characters; a strict server would reject more, which would hide the failure.
  yield* sql`
    UPDATE deployment_steps SET ended_at = ${failure.at}, error = LEFT(${failure.message}, 512)
    WHERE deployment_id = ${failure.deploymentId} AND ended_at IS NULL`
})

const writeDesiredState = Effect.fnUntraced(function* (
  sql: SqlClient,
  change: { readonly deploymentId: string; readonly desiredState: DesiredState; readonly at: number }
) {
  const isLive = yield* lockLive(sql, change.deploymentId)
  if (isLive === undefined) return "missing" as const
  if (isLive && change.desiredState !== "running") return "live" as const
  yield* sql`
    UPDATE deployments SET desired_state = ${change.desiredState}, updated_at = ${change.at}
    WHERE id = ${change.deploymentId}`
  return "changed" as const
})

const groupByRegion = (
  rows: Effect.Effect.Success<ReturnType<typeof instanceRows>>
): ReadonlyArray<RegionInstances> => {
  const regions = new Map<string, { desiredReplicas: number; instances: Array<RegionInstances["instances"][number]> }>()
  for (const { region, desiredReplicas, k8sName, status } of rows) {
    const entry = regions.get(region) ?? { desiredReplicas, instances: [] }
    if (k8sName !== null && status !== null) entry.instances.push({ k8sName, status })
    regions.set(region, entry)
  }
  return Array.from(regions, ([region, entry]) => ({ region, ...entry }))
}

export const DeploymentStoreLive: Layer.Layer<DeploymentStore, never, MysqlPools> = Layer.effect(
  DeploymentStore,
  Effect.gen(function* () {
    const { primary } = yield* MysqlPools
    const { query, sql, transaction } = primary

    const find = Effect.fn("DeploymentStore.find")(function* (deploymentId: string) {
      const [row] = yield* query("DeploymentStore.find", selectContext(sql, deploymentId))
      if (row === undefined) return Option.none()
      const { workspaceSlug, projectSlug, liveDeploymentId, isRolledBack, environmentSlug, ...deployment } = row
      return Option.some({
        deployment: Deployment.make(deployment),
        workspace: workspaceSlug === null ? null : { slug: workspaceSlug },
        project: projectSlug === null ? null : { slug: projectSlug, liveDeploymentId, isRolledBack },
        environment: environmentSlug === null ? null : { slug: environmentSlug }
      })
    })

    const ensureNamespace = Effect.fn("DeploymentStore.ensureNamespace")(function* (
      workspaceId: string,
      candidate: string
    ) {
      const write = sql`
        UPDATE workspaces SET k8s_namespace = ${candidate} WHERE id = ${workspaceId} AND k8s_namespace IS NULL`
      const read = namespaceRows(sql`SELECT k8s_namespace AS k8sNamespace FROM workspaces WHERE id = ${workspaceId}`)
      // The update locked the row, so this reads the name that all callers get.
      const [row] = yield* transaction("DeploymentStore.ensureNamespace", Effect.zipRight(write, read))
      return Option.fromNullable(row?.k8sNamespace)
    })

    const changePhase = Effect.fn("DeploymentStore.changePhase")((change: PhaseChange) =>
      transaction("DeploymentStore.changePhase", writePhaseChange(sql, change))
    )

    const keepCommit = Effect.fn("DeploymentStore.writeCommit")((change: Parameters<typeof writeCommit>[1]) =>
      transaction("DeploymentStore.writeCommit", writeCommit(sql, change))
    )

    const depotProject = Effect.fn("DeploymentStore.depotProject")(function* (projectId: string) {
      const [row] = yield* query(
        "DeploymentStore.depotProject",
        depotProjectRows(sql`SELECT depot_project_id AS depotProjectId FROM projects WHERE id = ${projectId}`)
      )
      // Older rows store an empty string for none.
      return Option.filter(Option.fromNullable(row?.depotProjectId), (id) => id !== "")
    })

    const rememberDepotProject = Effect.fn("DeploymentStore.rememberDepotProject")(
      ({ at, depotProjectId, projectId }: Parameters<DeploymentStore["Type"]["rememberDepotProject"]>[0]) =>
        Effect.asVoid(
          transaction(
            "DeploymentStore.rememberDepotProject",
            sql`
              UPDATE projects SET depot_project_id = ${depotProjectId}, updated_at = ${at}
              WHERE id = ${projectId} AND (depot_project_id IS NULL OR depot_project_id = '')`
          )
        )
    )

    const fail = Effect.fn("DeploymentStore.fail")((failure: Parameters<typeof writeFailure>[1]) =>
      transaction("DeploymentStore.fail", writeFailure(sql, failure))
    )

    const regionConfig = Effect.fn("DeploymentStore.regionConfig")(function* (environmentId: string) {
      const [row] = yield* query(
        "DeploymentStore.regionConfig",
        regionConfigRows(sql`
          SELECT CASE WHEN LENGTH(CAST(region_config AS CHAR)) <= ${sql.literal(String(maxRegionConfigBytes))}
                      THEN CAST(region_config AS CHAR) END AS json
          FROM environment_runtime_settings WHERE environment_id = ${environmentId}`)
      )
      return row === undefined ? Option.none() : Option.some(yield* regionConfigOf(row.json))
    })

    const instances = Effect.fn("DeploymentStore.instances")(function* (deploymentId: string) {
      const rows = yield* query(
        "DeploymentStore.instances",
        instanceRows(sql`
          SELECT t.region, t.desired_replicas AS desiredReplicas, i.k8s_name AS k8sName, i.status
          FROM deployment_topology t
          LEFT JOIN instances i ON i.deployment_id = t.deployment_id AND i.region = t.region
          WHERE t.deployment_id = ${deploymentId} ORDER BY t.region, i.k8s_name`)
      )
      return groupByRegion(rows)
    })

    const reachability = Effect.fn("DeploymentStore.reachability")(function* (environmentId: string) {
      const [row] = yield* query(
        "DeploymentStore.reachability",
        reachabilityRows(sql`
          SELECT EXISTS (SELECT 1 FROM sentinels WHERE environment_id = ${environmentId} AND health = 'healthy')
                   AS hasHealthySentinel,
                 EXISTS (SELECT 1 FROM frontline_routes WHERE environment_id = ${environmentId} AND deployment_id <> '')
                   AS hasRoutes`)
      )
      return row ?? { hasHealthySentinel: false, hasRoutes: false }
    })

    const regions = Effect.fn("DeploymentStore.regions")(function* (deploymentId: string) {
      const rows = yield* query(
        "DeploymentStore.regions",
        regionRows(sql`SELECT region FROM deployment_topology WHERE deployment_id = ${deploymentId} ORDER BY region`)
      )
      return rows.map((row) => row.region)
    })

    const changeDesiredState = Effect.fn("DeploymentStore.changeDesiredState")(
      (change: Parameters<typeof writeDesiredState>[1]) =>
        transaction("DeploymentStore.changeDesiredState", writeDesiredState(sql, change))
    )

    return DeploymentStore.of({
      find,
      ensureNamespace,
      changePhase,
      writeCommit: keepCommit,
      depotProject,
      rememberDepotProject,
      fail,
      regionConfig,
      instances,
      reachability,
      regions,
      changeDesiredState
    })
  })
)
