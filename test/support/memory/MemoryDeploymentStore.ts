import { Effect, Option, Ref, Schema } from "effect"
import { Deployment, HealthCheck } from "../../../src/services/deploy/Deployment.ts"
import { DeploymentStore, type GitCommit, type PhaseChange } from "../../../src/services/deploy/DeploymentStore.ts"
import { maxRegionConfigBytes, regionConfigOf } from "../../../src/services/deploy/regionConfig.ts"
import { type Draft, MemoryTables, transaction, updateWhere } from "./MemoryTables.ts"
import type { Rows } from "./Tables.ts"

const findContext = (rows: Rows, deploymentId: string) => {
  const row = rows.deployments.find(({ id }) => id === deploymentId)
  if (row === undefined) return Option.none()
  const workspace = rows.workspaces.find(({ id }) => id === row.workspace_id)
  const project = rows.projects.find(({ id }) => id === row.project_id)
  const environment = rows.environments.find(({ id }) => id === row.environment_id)
  return Option.some({
    deployment: Deployment.make({
      id: row.id,
      k8sName: row.k8s_name,
      workspaceId: row.workspace_id,
      projectId: row.project_id,
      environmentId: row.environment_id,
      port: row.port,
      cpuMillicores: row.cpu_millicores,
      memoryMib: row.memory_mib,
      healthCheck: Option.getOrNull(Schema.decodeUnknownOption(HealthCheck)(row.healthcheck)),
      gitCommitSha: row.git_commit_sha,
      gitBranch: row.git_branch,
      status: row.status,
      desiredState: row.desired_state,
      createdAt: row.created_at
    }),
    workspace: workspace === undefined ? null : { slug: workspace.slug },
    project:
      project === undefined
        ? null
        : {
            slug: project.slug,
            liveDeploymentId: project.live_deployment_id,
            isRolledBack: project.is_rolled_back
          },
    environment: environment === undefined ? null : { slug: environment.slug }
  })
}

const isLive = (rows: Rows, deploymentId: string) =>
  rows.projects.some((project) => project.live_deployment_id === deploymentId)

const applyPhaseChange = (draft: Draft, { deploymentId, at, buildId, close, open, status, image }: PhaseChange) => {
  const owner = draft.deployments.find(({ id }) => id === deploymentId)
  if (owner === undefined || owner.status === "ready" || owner.status === "failed") return
  const isOpen = (row: Rows["deployment_steps"][number]) =>
    row.deployment_id === deploymentId && row.step === close && row.ended_at === null
  updateWhere(draft.deployment_steps, isOpen, { ended_at: at })
  const exists = draft.deployment_steps.some((row) => row.deployment_id === deploymentId && row.step === open)
  if (open !== undefined && !exists) {
    draft.deployment_steps.push({
      workspace_id: owner.workspace_id,
      project_id: owner.project_id,
      environment_id: owner.environment_id,
      deployment_id: deploymentId,
      step: open,
      started_at: at,
      ended_at: null,
      error: null
    })
  }
  const set = {
    ...(status === undefined ? {} : { status }),
    ...(image === undefined ? {} : { image }),
    ...(buildId === undefined ? {} : { build_id: buildId })
  }
  if (Object.keys(set).length === 0) return
  updateWhere(draft.deployments, ({ id }) => id === deploymentId, { ...set, updated_at: at })
}

const applyCommit = (
  draft: Draft,
  { at, commit, deploymentId }: { readonly deploymentId: string; readonly commit: GitCommit; readonly at: number }
) => {
  updateWhere(draft.deployments, ({ id, status }) => id === deploymentId && status === "pending", {
    git_commit_sha: commit.sha,
    git_branch: commit.branch,
    git_commit_message: commit.message,
    git_commit_author_handle: commit.authorHandle,
    git_commit_author_avatar_url: commit.authorAvatarUrl,
    git_commit_timestamp: commit.timestamp,
    updated_at: at
  })
  return Option.map(
    Option.fromNullable(draft.deployments.find(({ id }) => id === deploymentId)),
    (row) => row.git_commit_sha ?? commit.sha
  )
}

const applyFailure = (
  draft: Draft,
  failure: { readonly deploymentId: string; readonly message: string; readonly at: number }
) => {
  const owner = draft.deployments.find(({ id }) => id === failure.deploymentId)
  if (owner === undefined || owner.status === "ready" || isLive(draft, owner.id)) return
  updateWhere(draft.deployments, ({ id }) => id === owner.id, { status: "failed", updated_at: failure.at })
  updateWhere(draft.deployment_steps, (row) => row.deployment_id === owner.id && row.ended_at === null, {
    ended_at: failure.at,
    error: [...failure.message].slice(0, 512).join("")
  })
}

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
  return DeploymentStore.of({
    find: (deploymentId) => read((rows) => findContext(rows, deploymentId)),
    ensureNamespace: (workspaceId, candidate) =>
      change("DeploymentStore.ensureNamespace", (draft) => {
        const isUnnamed = (row: Rows["workspaces"][number]) => row.id === workspaceId && row.k8s_namespace === null
        updateWhere(draft.workspaces, isUnnamed, { k8s_namespace: candidate })
        return Option.fromNullable(draft.workspaces.find(({ id }) => id === workspaceId)?.k8s_namespace)
      }),
    changePhase: (phase) => change("DeploymentStore.changePhase", (draft) => applyPhaseChange(draft, phase)),
    writeCommit: (written) => change("DeploymentStore.writeCommit", (draft) => applyCommit(draft, written)),
    depotProject: (projectId) =>
      read((rows) =>
        Option.filter(
          Option.fromNullable(rows.projects.find(({ id }) => id === projectId)?.depot_project_id),
          (id) => id !== ""
        )
      ),
    rememberDepotProject: ({ at, depotProjectId, projectId }) =>
      change("DeploymentStore.rememberDepotProject", (draft) =>
        updateWhere(draft.projects, (row) => row.id === projectId && (row.depot_project_id ?? "") === "", {
          depot_project_id: depotProjectId,
          updated_at: at
        })
      ),
    fail: (failure) => change("DeploymentStore.fail", (draft) => applyFailure(draft, failure)),
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
    regions: (deploymentId) => read((rows) => regionsOf(rows, deploymentId).map((row) => row.region)),
    changeDesiredState: ({ deploymentId, desiredState, at }) =>
      change("DeploymentStore.changeDesiredState", (draft) => {
        const deployment = draft.deployments.find(({ id }) => id === deploymentId)
        if (deployment === undefined) return "missing"
        if (isLive(draft, deploymentId) && desiredState !== "running") return "live"
        updateWhere(draft.deployments, ({ id }) => id === deploymentId, {
          desired_state: desiredState,
          updated_at: at
        })
        return "changed"
      })
  })
})
