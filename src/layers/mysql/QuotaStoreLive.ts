import { Effect, Layer } from "effect"
import { QuotaStore, WorkspaceQuota } from "../../services/quotaCheck/QuotaStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const quotaRows = decodeRows(WorkspaceQuota)

/** Reads from the replica: no write depends on it, and the next check is a day later. */
export const QuotaStoreLive: Layer.Layer<QuotaStore, never, MysqlPools> = Layer.effect(
  QuotaStore,
  Effect.map(MysqlPools, ({ replica }) => {
    const { sql } = replica
    const { query } = storeMethods("QuotaStore", replica)
    const columns = sql.literal(
      "w.id AS workspace_id, w.org_id, w.name, w.stripe_customer_id, w.tier, w.enabled, q.requests_per_month"
    )
    const find = query("find", (workspaceIds: ReadonlyArray<string>) =>
      quotaRows(sql`
        SELECT ${columns} FROM workspaces AS w LEFT JOIN quota AS q ON q.workspace_id = w.id
        WHERE w.id IN ${sql.in(workspaceIds)} ORDER BY w.id`)
    )
    const findLimited = query("findLimited", (workspaceIds: ReadonlyArray<string>, most: number) =>
      quotaRows(sql`
        SELECT ${columns} FROM workspaces AS w JOIN quota AS q ON q.workspace_id = w.id
        WHERE w.id IN ${sql.in(workspaceIds)} AND q.requests_per_month > 0 AND q.requests_per_month <= ${most}
        ORDER BY w.id`)
    )
    return QuotaStore.of({
      find: (workspaceIds) => (workspaceIds.length === 0 ? Effect.succeed([]) : find(workspaceIds)),
      findLimited: (workspaceIds, most) =>
        workspaceIds.length === 0 ? Effect.succeed([]) : findLimited(workspaceIds, most)
    })
  })
)
