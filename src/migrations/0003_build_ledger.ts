import type { OwnIndex } from "./createIndex.ts"
import { table } from "./table.ts"

/** Index for finding expired leases. */
export const leaseEnd = (database?: string): OwnIndex => ({
  table: "ctrl_worker_builds",
  database,
  name: "ctrl_worker_builds_lease_until_idx",
  columns: ["lease_until"]
})

/**
 * Build leases, used only by this worker. `lease_until` is in Unix milliseconds of the database's clock and stays after a build
 * has ended.
 */
export const buildLedger = (database?: string): ReadonlyArray<string> => [
  table(
    "ctrl_worker_builds",
    [
      "`build_id` varchar(128) NOT NULL",
      "`owner` varchar(64) NOT NULL",
      "`lease_until` bigint NOT NULL",
      "`detail` varchar(200) NOT NULL",
      "`external_build_id` varchar(255) NULL",
      "`outcome` varchar(4096) NULL",
      "UNIQUE KEY `ctrl_worker_builds_build_id_unique` (`build_id`)",
      `KEY \`${leaseEnd().name}\` (\`lease_until\`)`
    ],
    database
  )
]
