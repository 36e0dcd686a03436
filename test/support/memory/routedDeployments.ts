import { RoutedDeployment } from "../../../src/services/deploy/RouteStore.ts"
import { rowAs } from "./MemoryTables.ts"
import type { Rows, Tables } from "./Tables.ts"

const routedDeployment = rowAs(RoutedDeployment)

/** The deployments that match, in the form of the routing decision. The order of insertion is their ordinal. */
export const routedDeployments = (
  { deployments }: Rows,
  matches: (row: Tables["deployments"]) => boolean
): ReadonlyArray<RoutedDeployment> =>
  deployments.flatMap((row, index) => (matches(row) ? (routedDeployment({ ...row, ordinal: index + 1 }) ?? []) : []))
