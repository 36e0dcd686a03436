import { Effect } from "effect"
import { InvalidRequest } from "../../contract/errors.ts"
import type { Deployment } from "../../services/deploy/Deployment.ts"
import { fitsCodePoints } from "../../text/codePoints.ts"
import { policyNameWidth } from "./networkPolicy.ts"

/**
 * Columns of `deployments` that are wider than the columns that their values are copied to, and the usable width in
 * code points: ids go to `deployment_topology` and `deployment_steps`, the name becomes part of a policy's name.
 */
const columnWidths = [
  { column: "id", read: ({ id }: Deployment) => id, width: 64 },
  { column: "workspace_id", read: ({ workspaceId }: Deployment) => workspaceId, width: 64 },
  { column: "project_id", read: ({ projectId }: Deployment) => projectId, width: 128 },
  { column: "k8s_name", read: ({ k8sName }: Deployment) => k8sName, width: policyNameWidth }
] as const

/**
 * Valid ranges of runtime settings: krane refuses to apply a deployment outside of them, so no instance would start.
 */
const ranges = [
  {
    column: "port",
    isInside: ({ port }: Deployment) => port >= 1 && port <= 65_535,
    problem: "must be a port from 1 to 65535"
  },
  {
    column: "cpu_millicores",
    isInside: ({ cpuMillicores }: Deployment) => cpuMillicores > 0,
    problem: "must be above 0"
  },
  { column: "memory_mib", isInside: ({ memoryMib }: Deployment) => memoryMib > 0, problem: "must be above 0" }
] as const

/** Why a row that fits `deployments` cannot be deployed, or undefined. */
export const rowProblem = (deployment: Deployment): InvalidRequest | undefined => {
  const tooWide = columnWidths.find(({ read, width }) => !fitsCodePoints(read(deployment), width))
  if (tooWide !== undefined) {
    const field = `deployments.${tooWide.column}`
    return new InvalidRequest({ field, problem: `must have at most ${tooWide.width} characters` })
  }
  const outside = ranges.find(({ isInside }) => !isInside(deployment))
  return outside === undefined
    ? undefined
    : new InvalidRequest({ field: `deployments.${outside.column}`, problem: outside.problem })
}

/** Refuses an invalid row before anything is built or written for it. */
export const checkRow = (deployment: Deployment): Effect.Effect<void, InvalidRequest> => {
  const problem = rowProblem(deployment)
  return problem === undefined ? Effect.void : Effect.fail(problem)
}
