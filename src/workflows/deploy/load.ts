import { Effect, Either, type Option, Schema } from "effect"
import { annotate } from "effect-restate"
import { DeploymentFailed, InvalidRequest, NotFound } from "../../contract/errors.ts"
import type { DbFailure } from "../../services/Db.ts"
import { type Deployment, DeploymentContext } from "../../services/deploy/Deployment.ts"
import { DeploymentStore } from "../../services/deploy/DeploymentStore.ts"
import { DeploySettings } from "../../services/deploy/DeploySettings.ts"
import { RegionConfig } from "../../services/deploy/regionConfig.ts"
import type { InvalidRow } from "../../services/InvalidRow.ts"
import { databaseStep } from "../databaseStep.ts"
import { dnsLabel } from "../identifiers.ts"
import { checkRow } from "./checkRow.ts"
import type { Placement } from "./publish.ts"
import { decideRegions } from "./regions.ts"

/** The slugs in a deployment's host names. */
export interface Parents {
  readonly workspaceSlug: string
  readonly projectSlug: string
  readonly environmentSlug: string
}

const missing = (resource: NotFound["resource"], id: string) => new NotFound({ resource, id })

/** The row, or a 404 that names the missing resource. Runs inside the step, so that the 404 is journaled. */
const existing = <A, E>(found: Effect.Effect<Option.Option<A>, E>, resource: NotFound["resource"], id: string) =>
  Effect.flatMap(found, (row): Effect.Effect<A, NotFound> => Effect.mapError(row, () => missing(resource, id)))

/** The deployment, read from the primary. Fails with 404 when there is no such row. */
export const loadDeployment = (deploymentId: string) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const context = yield* databaseStep(
      "load-deployment",
      existing(deployments.find(deploymentId), "deployment", deploymentId),
      {
        output: DeploymentContext,
        error: NotFound
      }
    )
    const { projectId, workspaceId } = context.deployment
    yield* annotate({ project_id: projectId, workspace_id: workspaceId })
    return context
  })

export const deploymentParents = ({
  deployment,
  workspace,
  project,
  environment
}: DeploymentContext): Effect.Effect<Parents, NotFound> => {
  if (workspace === null) return Effect.fail(missing("workspace", deployment.workspaceId))
  if (project === null) return Effect.fail(missing("project", deployment.projectId))
  if (environment === null) return Effect.fail(missing("environment", deployment.environmentId))
  return Effect.succeed({
    workspaceSlug: workspace.slug,
    projectSlug: project.slug,
    environmentSlug: environment.slug
  })
}

/** The writer of the row has to correct it. */
const refused = ({ column, problem }: InvalidRow) => new InvalidRequest({ field: column, problem })

const Loaded = Schema.Struct({ config: RegionConfig, k8sNamespace: Schema.String })
const LoadRefused = Schema.Union(NotFound, InvalidRequest)

/**
 * Reads the region configuration and the workspace's namespace in one step. The namespace comes last, because it is
 * created when missing; if another deploy created it first, the stored one is used.
 */
const loadPlacement = (
  { environmentId, workspaceId }: Deployment,
  check: Effect.Effect<void, InvalidRequest | DbFailure>
) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const regions = Effect.catchTag(deployments.regionConfig(environmentId), "RowUnfit", (unfit) => refused(unfit))
    const namespace = deployments.ensureNamespace(workspaceId, dnsLabel(["namespace", workspaceId]))
    const loaded = Effect.zipRight(
      check,
      Effect.all({
        config: existing(regions, "runtime settings", environmentId),
        k8sNamespace: existing(namespace, "workspace", workspaceId)
      })
    )
    return yield* databaseStep("load-placement", loaded, { output: Loaded, error: LoadRefused })
  })

/**
 * Where the deployment will run. Decided before anything else is written, so that an invalid configuration has no side
 * effects. `check` runs first.
 */
export const resolvePlacement = (
  deployment: Deployment,
  { environmentSlug }: Parents,
  check: Parameters<typeof loadPlacement>[1]
) =>
  Effect.gen(function* () {
    const { availableRegions } = yield* DeploySettings
    yield* checkRow(deployment)
    const { config, k8sNamespace } = yield* loadPlacement(deployment, check)
    // A namespace is a DNS label (RFC 1123); other writers of this column may not enforce that.
    if (k8sNamespace.length > 63)
      return yield* new InvalidRequest({
        field: "workspaces.k8s_namespace",
        problem: "must have at most 63 characters"
      })
    const decided = decideRegions(config, availableRegions)
    if (Either.isLeft(decided)) {
      const { field, problem } = decided.left
      if (field === "region_config") return yield* new InvalidRequest({ field, problem })
      return yield* new DeploymentFailed({
        deploymentId: deployment.id,
        step: "queued",
        problem: `${field}: ${problem}`
      })
    }
    const placement: Placement = { deployment, environmentSlug, k8sNamespace, regions: decided.right }
    return placement
  })
