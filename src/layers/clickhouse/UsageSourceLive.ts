import { Effect, Layer, Schema } from "effect"
import { UsageSource } from "../../services/clickhouse/Usage.ts"
import { ClickhouseClient } from "./ClickhouseClient.ts"

/** Sums are strings: JSON numbers are exact only up to 2^53, and servers differ in quoting 64-bit integers. */
const Usage = Schema.Struct({ workspaceId: Schema.String, used: Schema.NumberFromString })

const sumsOf = (table: string) => `
  SELECT workspace_id, sum(count) AS part FROM default.${table}
  WHERE year = {year:Int16} AND month = {month:Int8} AND workspace_id > {after:String}
  GROUP BY workspace_id`

/** Background merges sum these tables, so a workspace may have several rows per month: always aggregate. */
const usagePage = `
  SELECT workspace_id AS workspaceId, toString(sum(part)) AS used
  FROM (${sumsOf("billable_verifications_per_month_v2")} UNION ALL ${sumsOf("billable_ratelimits_per_month_v2")})
  GROUP BY workspace_id HAVING sum(part) >= {minimum:Int64}
  ORDER BY workspace_id LIMIT {limit:UInt32}`

export const UsageSourceLive: Layer.Layer<UsageSource, never, ClickhouseClient> = Layer.effect(
  UsageSource,
  Effect.map(ClickhouseClient, (clickhouse) =>
    UsageSource.of({
      page: ({ after, limit, minimum, month, year }) =>
        clickhouse.select("usage-of-workspaces", usagePage, { year, month, after, minimum, limit }, Usage)
    })
  )
)
