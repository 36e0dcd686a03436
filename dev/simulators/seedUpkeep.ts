import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect } from "effect"

const keysAtOnce = 1_000

export interface SeededQuota {
  readonly requestsPerMonth: number
  readonly logsRetentionDays: number
}

export const seedQuota = (workspaceId: string, { logsRetentionDays, requestsPerMonth }: SeededQuota) =>
  Effect.flatMap(
    SqlClient,
    (sql) =>
      sql`INSERT INTO quota ${sql.insert({
        workspace_id: workspaceId,
        requests_per_month: requestsPerMonth,
        logs_retention_days: logsRetentionDays
      })}`
  )

/** Keys with daily refill and no remaining requests. */
export const seedUsedUpKeys = Effect.fnUntraced(function* (workspaceId: string, count: number, refillAmount: number) {
  const sql = yield* SqlClient
  const keys = Arr.makeBy(count, () => {
    const id = `key_${randomUUID()}`
    return {
      id,
      hash: id,
      start: "sk_",
      key_auth_id: "ks_demo",
      workspace_id: workspaceId,
      refill_amount: refillAmount,
      remaining_requests: 0
    }
  })
  yield* Effect.forEach(Arr.chunksOf(keys, keysAtOnce), (rows) => sql`INSERT INTO ${sql("keys")} ${sql.insert(rows)}`, {
    discard: true
  })
})
