import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql/SqlClient"
import { Clock, Effect } from "effect"
import { dnsLabel, resourceId } from "../../src/workflows/identifiers.ts"

const freshId = (prefix: string) => Effect.sync(() => resourceId(prefix, randomUUID()))

export interface SeededEnvironment {
  readonly id: string
  readonly slug: "production" | "preview"
}

export interface SeededProject {
  readonly id: string
  readonly workspaceId: string
  readonly slug: string
  readonly workspaceSlug: string
  readonly production: SeededEnvironment
  readonly preview: SeededEnvironment
}

export interface ProjectOptions {
  readonly workspaceSlug: string
  readonly projectSlug: string
  /** Default: a new one. */
  readonly workspaceId?: string
  /** Replicas by region; empty means one replica in every available region. */
  readonly regions?: Readonly<Record<string, number>>
}

const insertEnvironment = (
  slug: SeededEnvironment["slug"],
  owner: { readonly workspaceId: string; readonly projectId: string },
  regions: Readonly<Record<string, number>>
) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const id = yield* freshId("env")
    const now = yield* Clock.currentTimeMillis
    const { projectId: project_id, workspaceId: workspace_id } = owner
    yield* sql`INSERT INTO environments ${sql.insert({ id, workspace_id, project_id, slug, created_at: now })}`
    yield* sql`INSERT INTO environment_runtime_settings ${sql.insert({
      workspace_id,
      environment_id: id,
      port: 8080,
      region_config: JSON.stringify(regions),
      sentinel_config: "",
      created_at: now
    })}`
    return { id, slug }
  })

/** A workspace with one project and its production and preview environments, as the dashboard creates them. */
export const seedProject = Effect.fnUntraced(function* (options: ProjectOptions) {
  const { projectSlug, regions = {}, workspaceSlug } = options
  const sql = yield* SqlClient
  const workspaceId = options.workspaceId ?? (yield* freshId("ws"))
  const id = yield* freshId("proj")
  const now = yield* Clock.currentTimeMillis
  yield* sql`INSERT INTO workspaces ${sql.insert({
    id: workspaceId,
    org_id: `org_${workspaceId}`,
    name: workspaceSlug,
    slug: workspaceSlug,
    beta_features: "{}",
    features: "{}",
    created_at_m: now
  })}`
  yield* sql`INSERT INTO projects ${sql.insert({
    id,
    workspace_id: workspaceId,
    name: projectSlug,
    slug: projectSlug,
    created_at: now
  })}`
  const owner = { workspaceId, projectId: id }
  const project: SeededProject = {
    id,
    workspaceId,
    slug: projectSlug,
    workspaceSlug,
    production: yield* insertEnvironment("production", owner, regions),
    preview: yield* insertEnvironment("preview", owner, regions)
  }
  return project
})

export interface DeploymentOptions {
  /** Default production. */
  readonly environment?: SeededEnvironment["slug"]
  readonly gitBranch?: string
  readonly gitCommitSha?: string
}

/**
 * A deployment as the control API creates it before it calls Deploy: pending, without an image, with settings copied from the
 * environment. Returns its id.
 */
export const seedDeployment = Effect.fnUntraced(function* (project: SeededProject, options: DeploymentOptions = {}) {
  const sql = yield* SqlClient
  const id = yield* freshId("d")
  const now = yield* Clock.currentTimeMillis
  const environment = project[options.environment ?? "production"]
  yield* sql`
    INSERT INTO deployments
      (id, k8s_name, workspace_id, project_id, environment_id, git_branch, git_commit_sha, sentinel_config, cpu_millicores,
       memory_mib, encrypted_environment_variables, command, port, shutdown_signal, healthcheck, status, created_at)
    SELECT ${id}, ${dnsLabel([id])}, workspace_id, ${project.id}, environment_id, ${options.gitBranch ?? null},
           ${options.gitCommitSha ?? null}, sentinel_config, cpu_millicores, memory_mib, '', command, port, shutdown_signal,
           healthcheck, 'pending', ${now}
    FROM environment_runtime_settings WHERE environment_id = ${environment.id}`
  return id
})
