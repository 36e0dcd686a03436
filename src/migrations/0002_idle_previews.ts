import type { OwnIndex } from "./createIndex.ts"

/**
 * Index for finding running, ready deployments by creation: InnoDB appends the primary key to every index, so entries of one
 * state and status are ordered by `pk`.
 */
export const idleScan: OwnIndex = {
  table: "deployments",
  name: "deployments_idle_scan_idx",
  columns: ["desired_state", "status"]
}
