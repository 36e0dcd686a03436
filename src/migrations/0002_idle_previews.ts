import type { OwnIndex } from "./createIndex.ts"

/**
 * Leads the search for idle previews from one running, ready deployment to the next: InnoDB appends the primary key to every
 * index, so the entries of one state and status lie in the order of `pk`.
 */
export const idleScan: OwnIndex = {
  table: "deployments",
  name: "deployments_idle_scan_idx",
  columns: ["desired_state", "status"]
}
