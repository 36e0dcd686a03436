import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Array as Arr, Effect, Layer, Option, Schema } from "effect"
import { Deployment, HealthCheck, InstanceStatus } from "../../services/deploy/Deployment.ts"
import { DeploymentStore, Reachability } from "../../services/deploy/DeploymentStore.ts"
import {
  type DeploymentKey,
  type DeploymentPlan,
  deploymentChanges,
  LockedDeployment,
  storedDepotProject
} from "../../services/deploy/deploymentChanges.ts"
import { maxRegionConfigBytes, regionConfigOf } from "../../services/deploy/regionConfig.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { phaseChanges } from "./phaseChanges.ts"
import { decodeFirst, decodeRows, Lenient } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const NullableText = Schema.NullOr(Schema.String)

const context = decodeFirst(
  Schema.Struct({
    ...Deployment.fields,
    healthCheck: Lenient(HealthCheck),
    workspaceSlug: NullableText,
    projectSlug: NullableText,
    liveDeploymentId: NullableText,
    isRolledBack: Schema.Boolean,
    environmentSlug: NullableText
  })
)
const lockedDeployment = decodeFirst(LockedDeployment)
const liveDeployment = decodeFirst(Schema.Struct({ liveDeploymentId: NullableText }))
const namespace = decodeFirst(Schema.Struct({ k8sNamespace: NullableText }))
const depotProject = decodeFirst(Schema.Struct({ depotProjectId: NullableText }))
const regionConfig = decodeFirst(Schema.Struct({ json: NullableText }))
const reachability = decodeFirst(Reachability)
const regions = decodeRows(Schema.Struct({ region: Schema.String }))
const instances = decodeRows(
  Schema.Struct({
    region: Schema.String,
    desiredReplicas: Schema.Number,
    k8sName: NullableText,
    status: Schema.NullOr(InstanceStatus)
  })
)

const findContext = Effect.fnUntraced(function* (sql: SqlClient, deploymentId: string) {
  const row = yield* context(sql`
    SELECT d.id, d.k8s_name, d.workspace_id, d.project_id, d.environment_id, d.port, d.cpu_millicores, d.memory_mib,
           d.healthcheck AS healthCheck, d.git_commit_sha, d.git_branch, d.status, d.desired_state, d.created_at,
           w.slug AS workspace_slug, p.slug AS project_slug, p.live_deployment_id,
           COALESCE(p.is_rolled_back, 0) AS is_rolled_back, e.slug AS environment_slug
    FROM deployments d
    LEFT JOIN workspaces w ON w.id = d.workspace_id
    LEFT JOIN projects p ON p.id = d.project_id
    LEFT JOIN environments e ON e.id = d.environment_id
    WHERE d.id = ${deploymentId}`)
  if (row === null) return Option.none()
  const { workspaceSlug, projectSlug, liveDeploymentId, isRolledBack, environmentSlug, ...deployment } = row
  return Option.some({
    deployment,
    workspace: workspaceSlug === null ? null : { slug: workspaceSlug },
    project: projectSlug === null ? null : { slug: projectSlug, liveDeploymentId, isRolledBack },
    environment: environmentSlug === null ? null : { slug: environmentSlug }
  })
})

/** Serializes changes of one deployment. */
const lockDeployment = (sql: SqlClient, deploymentId: string) =>
  lockedDeployment(sql`
    SELECT id, workspace_id, project_id, environment_id, status, git_commit_sha
    FROM deployments WHERE id = ${deploymentId} FOR UPDATE`)

/**
 * Locks the project of the deployment, before any deployment, as in all transactions. The deployment is read without a lock,
 * because it never changes its project. Returns whether it is the live one.
 */
const lockProject = (sql: SqlClient, deploymentId: string) =>
  Effect.map(
    liveDeployment(sql`
      SELECT live_deployment_id FROM projects
      WHERE id = (SELECT project_id FROM deployments WHERE id = ${deploymentId}) FOR UPDATE`),
    (project) => project?.liveDeploymentId === deploymentId
  )

const writePlan = Effect.fnUntraced(function* <A>(
  sql: SqlClient,
  { at }: DeploymentKey,
  { id }: LockedDeployment,
  { close, set }: DeploymentPlan<A>
) {
  if (close !== undefined)
    yield* sql`UPDATE deployment_steps SET ended_at = ${at}, error = ${close.error}
               WHERE deployment_id = ${id} AND ended_at IS NULL`
  if (set !== undefined && Object.keys(set).length > 0)
    yield* sql`UPDATE deployments SET ${sql.update({ ...set, updatedAt: at })} WHERE id = ${id}`
})

type InstanceRow = Effect.Effect.Success<ReturnType<typeof instances>>[number]

const sameRegion = (one: InstanceRow, other: InstanceRow) => one.region === other.region

const regionInstances = (rows: Arr.NonEmptyReadonlyArray<InstanceRow>) => ({
  region: rows[0].region,
  desiredReplicas: rows[0].desiredReplicas,
  instances: rows.flatMap(({ k8sName, status }) => (k8sName === null || status === null ? [] : [{ k8sName, status }]))
})

/** Nearly every workspace has a namespace, which never changes: then one read is enough. */
const ensureNamespace = Effect.fnUntraced(function* (sql: SqlClient, workspaceId: string, candidate: string) {
  const read = namespace(sql`SELECT k8s_namespace FROM workspaces WHERE id = ${workspaceId}`)
  const found = yield* read
  if (found === null || found.k8sNamespace !== null) return Option.fromNullable(found?.k8sNamespace)
  yield* sql`UPDATE workspaces SET k8s_namespace = ${candidate} WHERE id = ${workspaceId} AND k8s_namespace IS NULL`
  return Option.fromNullable((yield* read)?.k8sNamespace)
})

type NewDepotProject = Parameters<DeploymentStore["Type"]["rememberDepotProject"]>[0]

const rememberDepotProject = Effect.fnUntraced(function* (sql: SqlClient, project: NewDepotProject) {
  const { at, depotProjectId, projectId } = project
  const row = yield* depotProject(sql`SELECT depot_project_id FROM projects WHERE id = ${projectId} FOR UPDATE`)
  if (row === null || Option.isSome(storedDepotProject(row.depotProjectId))) return
  yield* sql`UPDATE projects SET ${sql.update({ depotProjectId, updatedAt: at })} WHERE id = ${projectId}`
})

const selectRegionConfig = (sql: SqlClient, environmentId: string) =>
  Effect.map(
    regionConfig(sql`
      SELECT CASE WHEN LENGTH(CAST(region_config AS CHAR)) <= ${sql.literal(String(maxRegionConfigBytes))}
                  THEN CAST(region_config AS CHAR) END AS json
      FROM environment_runtime_settings WHERE environment_id = ${environmentId}`),
    Option.fromNullable
  )

const selectInstances = (sql: SqlClient, deploymentId: string) =>
  Effect.map(
    instances(sql`
      SELECT t.region, t.desired_replicas, i.k8s_name, i.status
      FROM deployment_topology t
      LEFT JOIN instances i ON i.deployment_id = t.deployment_id AND i.region = t.region
      WHERE t.deployment_id = ${deploymentId} ORDER BY t.region, i.k8s_name`),
    Arr.match({ onEmpty: () => [], onNonEmpty: (rows) => Arr.groupWith(rows, sameRegion).map(regionInstances) })
  )

const selectReachability = (sql: SqlClient, environmentId: string) =>
  Effect.map(
    reachability(sql`
      SELECT EXISTS (SELECT 1 FROM sentinels WHERE environment_id = ${environmentId} AND health = 'healthy')
               AS has_healthy_sentinel,
             EXISTS (SELECT 1 FROM frontline_routes WHERE environment_id = ${environmentId} AND deployment_id <> '')
               AS has_routes`),
    (row) => row ?? { hasHealthySentinel: false, hasRoutes: false }
  )

const selectRegions = (sql: SqlClient, deploymentId: string) =>
  Effect.map(
    regions(sql`SELECT region FROM deployment_topology WHERE deployment_id = ${deploymentId} ORDER BY region`),
    (rows) => rows.map(({ region }) => region)
  )

export const DeploymentStoreLive: Layer.Layer<DeploymentStore, never, MysqlPools> = Layer.effect(
  DeploymentStore,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { autocommit, command, query, transaction } = storeMethods("DeploymentStore", primary)

    const change = Effect.fnUntraced(function* <L, A>(
      lockFirst: Effect.Effect<L, SqlError>,
      key: DeploymentKey,
      decide: (deployment: LockedDeployment | null, locked: L) => DeploymentPlan<A>
    ) {
      const locked = yield* lockFirst
      const deployment = yield* lockDeployment(sql, key.deploymentId)
      const plan = decide(deployment, locked)
      if (deployment !== null) yield* writePlan(sql, key, deployment, plan)
      return plan.answer
    })
    const changes = deploymentChanges({
      transact: (method, key, decide) => transaction(method, () => change(Effect.void, key, decide))(),
      transactWithProject: (method, key, decide) =>
        transaction(method, () => change(lockProject(sql, key.deploymentId), key, decide))()
    })

    const readRegionConfig = query("regionConfig", (environmentId: string) => selectRegionConfig(sql, environmentId))

    return DeploymentStore.of({
      ...changes,
      find: query("find", (deploymentId: string) => findContext(sql, deploymentId)),
      changePhase: phaseChanges(primary),
      ensureNamespace: autocommit("ensureNamespace", (workspaceId: string, candidate: string) =>
        ensureNamespace(sql, workspaceId, candidate)
      ),
      depotProject: query("depotProject", (projectId: string) =>
        Effect.map(depotProject(sql`SELECT depot_project_id FROM projects WHERE id = ${projectId}`), (row) =>
          storedDepotProject(row?.depotProjectId)
        )
      ),
      rememberDepotProject: command("rememberDepotProject", (project: NewDepotProject) =>
        rememberDepotProject(sql, project)
      ),
      regionConfig: (environmentId) =>
        Effect.flatMap(
          readRegionConfig(environmentId),
          Effect.transposeMapOption(({ json }) => regionConfigOf(json))
        ),
      instances: query("instances", (deploymentId: string) => selectInstances(sql, deploymentId)),
      reachability: query("reachability", (environmentId: string) => selectReachability(sql, environmentId)),
      regions: query("regions", (deploymentId: string) => selectRegions(sql, deploymentId))
    })
  })
)
