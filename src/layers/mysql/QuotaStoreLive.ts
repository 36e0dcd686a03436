import { Array as Arr, Effect, Layer, Schema } from "effect"
import { QuotaStore } from "../../services/quotaCheck/QuotaStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeRows, Flag, Integer64 } from "./rows.ts"

const quotaRows = decodeRows(
  Schema.Struct({
    workspaceId: Schema.String,
    orgId: Schema.String,
    name: Schema.String,
    stripeCustomerId: Schema.NullOr(Schema.String),
    tier: Schema.NullOr(Schema.String),
    enabled: Flag,
    requestsPerMonth: Schema.NullOr(Integer64)
  })
)

/** Reads from the replica: no write depends on it, and the next check is a day later. */
export const QuotaStoreLive: Layer.Layer<QuotaStore, never, MysqlPools> = Layer.effect(
  QuotaStore,
  Effect.map(MysqlPools, ({ replica: { query, sql } }) =>
    QuotaStore.of({
      find: Effect.fn("QuotaStore.find")((workspaceIds: ReadonlyArray<string>) =>
        Arr.isNonEmptyReadonlyArray(workspaceIds)
          ? query(
              "QuotaStore.find",
              quotaRows(sql`
                SELECT w.id AS workspaceId, w.org_id AS orgId, w.name, w.stripe_customer_id AS stripeCustomerId, w.tier,
                       w.enabled, q.requests_per_month AS requestsPerMonth
                FROM workspaces AS w LEFT JOIN quota AS q ON q.workspace_id = w.id
                WHERE w.id IN ${sql.in(workspaceIds)} ORDER BY w.id`)
            )
          : Effect.succeed([])
      )
    })
  )
)
