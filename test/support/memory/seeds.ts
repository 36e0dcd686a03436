import { Effect } from "effect"
import { firstCodePoints } from "../../../src/text/codePoints.ts"
import type { Tables } from "./Tables.ts"
import { World } from "./World.ts"

/** Names of a seeded project: every id is a prefix and the project's name, as in `proj_shop` and `env_shop_preview`. */
export const namesOf = (name: string) => ({
  workspaceId: `ws_${name}`,
  projectId: `proj_${name}`,
  productionId: `env_${name}_production`,
  previewId: `env_${name}_preview`
})

/** Default creation time of seeded rows, in Unix milliseconds. */
export const seededAt = 1_700_000_000_000

/** A workspace, a project and its two environments, each configured for the given regions. */
export const seedProject = Effect.fnUntraced(function* (
  name: string,
  options: {
    readonly namespace?: string | null
    readonly regions?: Readonly<Record<string, number>>
    readonly project?: Partial<Tables["projects"]>
  } = {}
) {
  const world = yield* World
  const names = namesOf(name)
  const owner = { workspace_id: names.workspaceId, project_id: names.projectId, created_at: seededAt }
  yield* world.insert("workspaces", { id: names.workspaceId, slug: name, k8s_namespace: options.namespace ?? null })
  yield* world.insert("projects", {
    id: names.projectId,
    workspace_id: names.workspaceId,
    slug: name,
    live_deployment_id: null,
    is_rolled_back: false,
    depot_project_id: null,
    created_at: seededAt,
    updated_at: null,
    ...options.project
  })
  yield* world.insert("environments", { ...owner, id: names.productionId, slug: "production" })
  yield* world.insert("environments", { ...owner, id: names.previewId, slug: "preview" })
  yield* Effect.forEach([names.productionId, names.previewId], (environmentId) =>
    world.insert("environment_runtime_settings", {
      workspace_id: names.workspaceId,
      environment_id: environmentId,
      region_config: options.regions ?? {},
      created_at: seededAt
    })
  )
  return names
})

/** A pending deployment of a seeded project, in production unless told otherwise. */
export const seedDeployment = Effect.fnUntraced(function* (
  name: string,
  id: string,
  columns: Partial<Tables["deployments"]> = {}
) {
  const world = yield* World
  const names = namesOf(name)
  yield* world.insert("deployments", {
    id,
    k8s_name: `k8s-${id.replaceAll("_", "-")}`,
    workspace_id: names.workspaceId,
    project_id: names.projectId,
    environment_id: names.productionId,
    image: null,
    build_id: null,
    git_commit_sha: null,
    git_branch: null,
    git_commit_message: null,
    git_commit_author_handle: null,
    git_commit_author_avatar_url: null,
    git_commit_timestamp: null,
    port: 8080,
    cpu_millicores: 256,
    memory_mib: 256,
    healthcheck: null,
    status: "pending",
    desired_state: "running",
    created_at: seededAt,
    updated_at: null,
    ...columns
  })
  return id
})

/** A route of a seeded project; by default not sticky and of production. */
export const seedRoute = Effect.fnUntraced(function* (
  name: string,
  fqdn: string,
  columns: Partial<Tables["frontline_routes"]> = {}
) {
  const world = yield* World
  const names = namesOf(name)
  const id = columns.id ?? `flr_${fqdn}`
  yield* world.insert("frontline_routes", {
    id,
    project_id: names.projectId,
    deployment_id: "",
    environment_id: names.productionId,
    fully_qualified_domain_name: fqdn,
    sticky: "none",
    created_at: seededAt,
    updated_at: null,
    ...columns
  })
  return id
})

/** An instance as krane would report it. */
export const seedInstance = Effect.fnUntraced(function* (
  name: string,
  instance: Pick<Tables["instances"], "deployment_id" | "region" | "k8s_name" | "status">
) {
  const world = yield* World
  const names = namesOf(name)
  yield* world.insert("instances", {
    id: `ins_${instance.k8s_name}_${instance.region}`,
    workspace_id: names.workspaceId,
    project_id: names.projectId,
    address: `${instance.k8s_name}.${instance.region}:8080`,
    cpu_millicores: 256,
    memory_mib: 256,
    ...instance
  })
})

/** A sentinel of production as krane would report it. */
export const seedSentinel = Effect.fnUntraced(function* (
  name: string,
  sentinel: Pick<Tables["sentinels"], "region" | "health" | "version"> & Partial<Tables["sentinels"]>
) {
  const world = yield* World
  const names = namesOf(name)
  const key = `${name}-${sentinel.region}`
  yield* world.insert("sentinels", {
    id: `se_${key}`,
    workspace_id: names.workspaceId,
    project_id: names.projectId,
    environment_id: names.productionId,
    k8s_name: key,
    k8s_address: `${key}.sentinel.svc.cluster.local:8040`,
    image: "sentinel:1",
    desired_replicas: 1,
    available_replicas: 1,
    cpu_millicores: 256,
    memory_mib: 256,
    created_at: seededAt,
    updated_at: null,
    ...sentinel
  })
})

/** The token of a seeded domain, within the 64 characters of its column. */
export const tokenOf = (domain: string): string => `token-${firstCodePoints(domain, 58)}`

/** CNAME target of a seeded domain, within the 256 characters of its column. */
export const targetOf = (domain: string): string => `target-${firstCodePoints(domain, 220)}.cname.unkey.test`

/** A custom domain as the control API adds it: pending, in production unless told otherwise. */
export const seedCustomDomain = Effect.fnUntraced(function* (
  name: string,
  domain: string,
  columns: Partial<Tables["custom_domains"]> = {}
) {
  const world = yield* World
  const names = namesOf(name)
  const id = columns.id ?? `dom_${domain}`
  yield* world.insert("custom_domains", {
    id,
    workspace_id: names.workspaceId,
    project_id: names.projectId,
    environment_id: names.productionId,
    domain,
    challenge_type: "HTTP-01",
    verification_status: "pending",
    verification_token: tokenOf(domain),
    ownership_verified: false,
    cname_verified: false,
    target_cname: targetOf(domain),
    last_checked_at: null,
    check_attempts: 0,
    verification_error: null,
    invocation_id: null,
    created_at: seededAt,
    updated_at: null,
    ...columns
  })
  return id
})

/** A sentinel of another environment and region with the name and address that this one will use. */
export const sentinelNamed = (
  id: string,
  { k8sAddress, k8sName }: { readonly k8sAddress: string; readonly k8sName: string }
): Tables["sentinels"] => ({
  id,
  workspace_id: "ws_other",
  project_id: "proj_other",
  environment_id: "env_other",
  k8s_name: k8sName,
  k8s_address: k8sAddress,
  region: "elsewhere",
  image: "sentinel:1",
  desired_replicas: 1,
  available_replicas: 0,
  health: "unknown",
  cpu_millicores: 256,
  memory_mib: 256,
  version: 1,
  created_at: seededAt,
  updated_at: null
})
