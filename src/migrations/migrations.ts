import { deployments } from "./0001_deployments.ts"
import { domainsAndUsage } from "./0001_domains_and_usage.ts"
import { idleScan } from "./0002_idle_previews.ts"
import { buildLedger, leaseEnd } from "./0003_build_ledger.ts"
import { certificateExpiry } from "./0004_certificate_expiry.ts"
import { regionVersions } from "./0005_region_versions.ts"
import { createIndex, type OwnIndex } from "./createIndex.ts"

export interface Migration {
  readonly id: number
  readonly name: string
  /** For the operator: what the migration changes in the database. */
  readonly effect: string
  /**
   * Run in order. The server commits each DDL statement by itself and an interrupted migration starts again from its first
   * statement, so every statement must be safe to repeat.
   */
  readonly statements: ReadonlyArray<string>
  /** Indexes for performance that Unkey's schema does not have. No statement names one. */
  readonly indexes: ReadonlyArray<OwnIndex>
}

/**
 * Migrations, ascending by id. A released one never changes. The first creates the tables shared with the API, the dashboard,
 * krane and frontline. `ownDatabase` is the database of this worker's own tables; by default they are among the shared ones.
 */
export const migrationsIn = (ownDatabase?: string): ReadonlyArray<Migration> => [
  {
    id: 1,
    name: "initial",
    effect: "creates the tables shared with the API, krane and frontline, where they do not exist",
    statements: [...deployments, ...domainsAndUsage],
    indexes: []
  },
  {
    id: 2,
    name: "idle previews",
    effect: "adds the index deployments_idle_scan_idx to deployments; rows can be written meanwhile",
    statements: createIndex(idleScan),
    indexes: [idleScan]
  },
  {
    id: 3,
    name: "build ledger",
    effect: "creates the table ctrl_worker_builds, which only this worker uses",
    statements: buildLedger(ownDatabase),
    indexes: [leaseEnd(ownDatabase)]
  },
  {
    id: 4,
    name: "certificate expiry",
    effect: "adds the index acme_challenges_expires_at_idx to acme_challenges; rows can be written meanwhile",
    statements: createIndex(certificateExpiry),
    indexes: [certificateExpiry]
  },
  {
    id: 5,
    name: "region versions",
    effect: "creates the table ctrl_worker_regions, which only this worker uses",
    statements: regionVersions(ownDatabase),
    indexes: []
  }
]

/** The migrations with default settings. */
export const migrations = migrationsIn()
