import { table } from "./table.ts"

/**
 * One row per region, used only by this worker. Its lock orders the versions of the region; `version` is the highest that was
 * used, `allocated` the highest that was handed out without a row.
 */
export const regionVersions = (database?: string): ReadonlyArray<string> => [
  table(
    "ctrl_worker_regions",
    [
      "`region` varchar(255) NOT NULL",
      "`version` bigint unsigned NOT NULL",
      "`allocated` bigint unsigned NOT NULL",
      "UNIQUE KEY `ctrl_worker_regions_region_unique` (`region`)"
    ],
    database
  )
]
