import { Context, type Effect, Schema } from "effect"
import { DeploymentRecord } from "../deploy/DeploymentRecords.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"
import type { Page, PageRequest } from "./Page.ts"

/** A deployment in a list. Texts that tenants choose are not escaped. */
export const ListedDeployment = DeploymentRecord.pick(
  "id",
  "workspaceId",
  "workspaceSlug",
  "projectId",
  "projectSlug",
  "environmentId",
  "environmentSlug",
  "isLive",
  "status",
  "desiredState",
  "image",
  "buildId",
  "gitCommitSha",
  "gitBranch",
  "createdAt",
  "updatedAt"
)
export type ListedDeployment = typeof ListedDeployment.Type

/** A host name that leads to a deployment. */
export const DeploymentRoute = Schema.Struct({
  host: Schema.String,
  /** What the route follows: `none`, `branch`, `environment` or `live`. */
  sticky: Schema.String
})
export type DeploymentRoute = typeof DeploymentRoute.Type

export const deploymentStatuses = ["pending", "building", "deploying", "network", "ready", "failed"] as const

export interface DeploymentFilter {
  readonly status?: (typeof deploymentStatuses)[number] | undefined
  /** The id of a project. */
  readonly project?: string | undefined
}

/** Deployments for operators, page by page. Read only, found by indexes. */
export class DeploymentList extends Context.Tag("ctrl-worker/DeploymentList")<
  DeploymentList,
  {
    readonly page: (
      filter: DeploymentFilter,
      request: PageRequest
    ) => Effect.Effect<Page<ListedDeployment>, SourceUnavailable>
    /** By name, at most 100. */
    readonly routesOf: (deploymentId: string) => Effect.Effect<ReadonlyArray<DeploymentRoute>, SourceUnavailable>
  }
>() {}
