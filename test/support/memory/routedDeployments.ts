import type { RoutedDeployment } from "../../../src/services/deploy/RouteStore.ts"
import type { Rows } from "./Tables.ts"

/** All deployments in the form of the routing decision, by insertion, which is also their ordinal. */
export const routedDeployments = ({ deployments }: Rows): ReadonlyArray<RoutedDeployment> =>
  deployments.map((row, index) => ({
    id: row.id,
    projectId: row.project_id,
    environmentId: row.environment_id,
    status: row.status,
    desiredState: row.desired_state,
    createdAt: row.created_at,
    ordinal: index + 1
  }))
