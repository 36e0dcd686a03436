import { Schema } from "effect"
import type { BuildRecord } from "../../operations/build/BuildRecords.ts"
import { BuildFailed, BuildSucceeded } from "../../services/builds/Builder.ts"

/** A row of `ctrl_worker_builds`, and whether its lease runs by the database's clock. */
export const LedgerRow = Schema.Struct({
  buildId: Schema.String,
  detail: Schema.String,
  externalBuildId: Schema.NullOr(Schema.String),
  outcome: Schema.NullOr(Schema.parseJson(Schema.Union(BuildSucceeded, BuildFailed))),
  leaseUntil: Schema.Number,
  isLeased: Schema.Boolean
})

/** Its columns in a SELECT. */
export const ledgerColumns = `build_id, detail, external_build_id, outcome, lease_until,
  CASE WHEN lease_until > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) THEN 1 ELSE 0 END AS is_leased`

const stateOf = ({ isLeased, outcome }: typeof LedgerRow.Type): BuildRecord["state"] => {
  if (outcome === null) return isLeased ? "running" : "lost"
  return outcome._tag === "Succeeded" ? "succeeded" : "failed"
}

/** The row as operators see it. */
export const recordOf = (row: typeof LedgerRow.Type): BuildRecord => {
  const { buildId, detail, externalBuildId, leaseUntil, outcome } = row
  return {
    id: buildId,
    state: stateOf(row),
    detail,
    leaseUntil,
    externalBuildId: externalBuildId ?? (outcome?._tag === "Succeeded" ? outcome.externalBuildId : null),
    image: outcome?._tag === "Succeeded" ? outcome.image : null,
    digest: outcome?._tag === "Succeeded" ? outcome.digest : null,
    failure: outcome?._tag === "Failed" ? { kind: outcome.kind, message: outcome.message } : null
  }
}
