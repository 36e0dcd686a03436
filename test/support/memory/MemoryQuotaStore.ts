import { Effect, Ref } from "effect"
import { QuotaStore, type WorkspaceQuota } from "../../../src/services/quotaCheck/QuotaStore.ts"
import { MemoryTables } from "./MemoryTables.ts"
import type { Rows } from "./Tables.ts"

const quotasOf = ({ quota, workspaces }: Rows, workspaceIds: ReadonlyArray<string>): ReadonlyArray<WorkspaceQuota> => {
  const wanted = new Set(workspaceIds)
  const limits = new Map(quota.map((row) => [row.workspace_id, row.requests_per_month]))
  return workspaces
    .filter(({ id }) => wanted.has(id))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .map((row) => ({
      workspaceId: row.id,
      orgId: row.org_id ?? `org_${row.id}`,
      name: row.name ?? "",
      stripeCustomerId: row.stripe_customer_id ?? null,
      tier: row.tier === undefined ? "Free" : row.tier,
      enabled: row.enabled ?? true,
      requestsPerMonth: limits.get(row.id) ?? null
    }))
}

export const makeQuotaStore = Effect.map(MemoryTables, (tables) =>
  QuotaStore.of({
    find: (workspaceIds) => Effect.map(Ref.get(tables), (rows) => quotasOf(rows, workspaceIds)),
    findLimited: (workspaceIds, most) =>
      Effect.map(Ref.get(tables), (rows) =>
        quotasOf(rows, workspaceIds).filter(
          ({ requestsPerMonth }) => requestsPerMonth !== null && requestsPerMonth > 0 && requestsPerMonth <= most
        )
      )
  })
)
