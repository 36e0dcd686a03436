import { Effect, Option, Ref, Schema } from "effect"
import { Lenient } from "../../../src/layers/mysql/rows.ts"
import { Deployment, type DeploymentPhase, HealthCheck } from "../../../src/services/deploy/Deployment.ts"
import { DeploymentStore, type PhaseChange } from "../../../src/services/deploy/DeploymentStore.ts"
import {
  type DeploymentKey,
  type DeploymentPlan,
  deploymentChanges,
  finalStatuses,
  LockedDeployment,
  storedDepotProject
} from "../../../src/services/deploy/deploymentChanges.ts"
import { RoutedProject } from "../../../src/services/deploy/RouteStore.ts"
import { maxRegionConfigBytes, regionConfigOf } from "../../../src/services/deploy/regionConfig.ts"
import { columnsOf, type Draft, MemoryTables, rowAs, transaction, updateWhere } from "./MemoryTables.ts"
import type { Rows } from "./Tables.ts"

const deploymentRow = rowAs(Schema.Struct({ ...Deployment.fields, healthCheck: Lenient(HealthCheck) }))
const lockedDeployment = rowAs(LockedDeployment)
const slugRow = rowAs(Schema.Struct({ slug: Schema.String }))
const projectRow = rowAs(Schema.Struct({ ...RoutedProject.omit("id").fields, slug: Schema.String }))

const findContext = (rows: Rows, deploymentId: string) => {
  const row = rows.deployments.find(({ id }) => id === deploymentId)
  const deployment = deploymentRow(row && { ...row, healthCheck: row.healthcheck })
  if (deployment === null) return Option.none()
  return Option.some({
    deployment,
    workspace: slugRow(rows.workspaces.find(({ id }) => id === deployment.workspaceId)),
    project: projectRow(rows.projects.find(({ id }) => id === deployment.projectId)),
    environment: slugRow(rows.environments.find(({ id }) => id === deployment.environmentId))
  })
}

const applyPlan = <A>(
  draft: Draft,
  { at }: DeploymentKey,
  { id }: LockedDeployment,
  { close, set }: DeploymentPlan<A>
) => {
  if (close !== undefined)
    updateWhere(draft.deployment_steps, (row) => row.deployment_id === id && row.ended_at === null, {
      ended_at: at,
      error: close.error
    })
  if (set !== undefined && Object.keys(set).length > 0)
    updateWhere(draft.deployments, (row) => row.id === id, { ...columnsOf(set), updated_at: at })
}

const changePhase = (draft: Draft, { at, close, deploymentId, open, pass, ...set }: PhaseChange) => {
  const deployment = lockedDeployment(draft.deployments.find(({ id }) => id === deploymentId))
  if (deployment === null || finalStatuses.includes(deployment.status)) return
  const { environmentId, projectId, workspaceId } = deployment
  const owner = columnsOf({ workspaceId, projectId, environmentId, deploymentId })
  const isStep = (step: DeploymentPhase) => (row: Rows["deployment_steps"][number]) =>
    row.deployment_id === deploymentId && row.step === step
  const start = (step: DeploymentPhase, ended_at: number | null) => {
    if (!draft.deployment_steps.some(isStep(step)))
      draft.deployment_steps.push({ ...owner, step, started_at: at, ended_at, error: null })
  }
  if (close !== undefined)
    updateWhere(draft.deployment_steps, (row) => isStep(close)(row) && row.ended_at === null, { ended_at: at })
  if (pass !== undefined) start(pass, at)
  if (open !== undefined) start(open, null)
  if (Object.keys(set).length > 0)
    updateWhere(draft.deployments, ({ id }) => id === deploymentId, { ...columnsOf(set), updated_at: at })
}

const isLive = (rows: Rows, deployment: LockedDeployment | null) =>
  rows.projects.some((row) => row.id === deployment?.projectId && row.live_deployment_id === deployment.id)

/** The text of a JSON column, as the live store reads it. */
const stored = (value: unknown): string | null => {
  const json = JSON.stringify(value)
  return Buffer.byteLength(json) <= maxRegionConfigBytes ? json : null
}

const regionsOf = (rows: Rows, deploymentId: string) =>
  rows.deployment_topology
    .filter((row) => row.deployment_id === deploymentId)
    .sort((one, other) => (one.region < other.region ? -1 : 1))

export const makeDeploymentStore = Effect.map(MemoryTables, (tables) => {
  const change = transaction(tables)
  const read = <A>(select: (rows: Rows) => A) => Effect.map(Ref.get(tables), select)
  const transact = <A>(
    method: string,
    key: DeploymentKey,
    decide: (deployment: LockedDeployment | null, isLive: boolean) => DeploymentPlan<A>
  ) =>
    change(`DeploymentStore.${method}`, (draft) => {
      const deployment = lockedDeployment(draft.deployments.find(({ id }) => id === key.deploymentId))
      const plan = decide(deployment, isLive(draft, deployment))
      if (deployment !== null) applyPlan(draft, key, deployment, plan)
      return plan.answer
    })
  return DeploymentStore.of({
    ...deploymentChanges({ transact, transactWithProject: transact }),
    changePhase: (phase) => change("DeploymentStore.changePhase", (draft) => changePhase(draft, phase)),
    find: (deploymentId) => read((rows) => findContext(rows, deploymentId)),
    ensureNamespace: (workspaceId, candidate) =>
      change("DeploymentStore.ensureNamespace", (draft) => {
        const isUnnamed = (row: Rows["workspaces"][number]) => row.id === workspaceId && row.k8s_namespace === null
        updateWhere(draft.workspaces, isUnnamed, { k8s_namespace: candidate })
        return Option.fromNullable(draft.workspaces.find(({ id }) => id === workspaceId)?.k8s_namespace)
      }),
    depotProject: (projectId) =>
      read((rows) => storedDepotProject(rows.projects.find(({ id }) => id === projectId)?.depot_project_id)),
    rememberDepotProject: ({ at, depotProjectId, projectId }) =>
      change("DeploymentStore.rememberDepotProject", (draft) =>
        updateWhere(
          draft.projects,
          (row) => row.id === projectId && Option.isNone(storedDepotProject(row.depot_project_id)),
          {
            depot_project_id: depotProjectId,
            updated_at: at
          }
        )
      ),
    regionConfig: (environmentId) =>
      Effect.flatMap(
        read((rows) => rows.environment_runtime_settings.find((row) => row.environment_id === environmentId)),
        (settings) =>
          settings === undefined ? Effect.succeedNone : Effect.asSome(regionConfigOf(stored(settings.region_config)))
      ),
    instances: (deploymentId) =>
      read((rows) =>
        regionsOf(rows, deploymentId).map(({ region, desired_replicas }) => ({
          region,
          desiredReplicas: desired_replicas,
          instances: rows.instances
            .filter((row) => row.deployment_id === deploymentId && row.region === region)
            .map((row) => ({ k8sName: row.k8s_name, status: row.status }))
            .sort((one, other) => (one.k8sName < other.k8sName ? -1 : 1))
        }))
      ),
    reachability: (environmentId) =>
      read((rows) => ({
        hasHealthySentinel: rows.sentinels.some(
          (row) => row.environment_id === environmentId && row.health === "healthy"
        ),
        hasRoutes: rows.frontline_routes.some((row) => row.environment_id === environmentId && row.deployment_id !== "")
      })),
    regions: (deploymentId) => read((rows) => regionsOf(rows, deploymentId).map((row) => row.region))
  })
})
