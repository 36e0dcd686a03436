import { deployments } from "./0001_deployments.ts"
import { domainsAndUsage } from "./0001_domains_and_usage.ts"
import { idlePreviews } from "./0002_idle_previews.ts"
import { buildLedger } from "./0003_build_ledger.ts"
import { certificateExpiry } from "./0004_certificate_expiry.ts"

export interface Migration {
  readonly id: number
  readonly name: string
  /**
   * Run in order. The server commits each DDL statement by itself, so a migration that was cut short starts again from its
   * first statement: every statement must be safe to repeat.
   */
  readonly statements: ReadonlyArray<string>
}

/** Ascending by id. One that has been released never changes. The first holds the tables shared with the API, the dashboard, krane and frontline. */
export const migrations: ReadonlyArray<Migration> = [
  { id: 1, name: "initial", statements: [...deployments, ...domainsAndUsage] },
  { id: 2, name: "idle previews", statements: idlePreviews },
  { id: 3, name: "build ledger", statements: buildLedger },
  { id: 4, name: "certificate expiry", statements: certificateExpiry }
]
