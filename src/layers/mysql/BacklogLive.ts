import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import { abandonedAfter, Backlog, maxOverdueWindow, overdueFraction } from "../../operations/Backlog.ts"
import type { MysqlPool } from "./MysqlPool.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst } from "./rows.ts"

const waitingBuilds = decodeFirst(Schema.Struct({ waiting: Schema.Number, waitingSince: Schema.NullOr(Schema.Number) }))
const count = decodeFirst(Schema.Struct({ total: Schema.Number }))

/** A deployment is pending until it leaves its queued step. Few are, and the index on the status finds them. */
const countWaiting = (sql: SqlClient) =>
  waitingBuilds(sql`
    SELECT COUNT(*) AS waiting, CAST(MIN(s.started_at) AS CHAR) AS waiting_since
    FROM deployments d JOIN deployment_steps s ON s.deployment_id = d.id AND s.step = 'queued'
    WHERE d.status = 'pending' AND s.ended_at IS NULL`)

const countRunning = ({ ownTable, sql }: MysqlPool) =>
  count(sql`
    SELECT COUNT(*) AS total FROM ${ownTable("ctrl_worker_builds")}
    WHERE lease_until > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AND outcome IS NULL`)

// Inlined as numbers: parameters are sent as strings, which makes the server compare as floats.
const countOverdue = (sql: SqlClient, now: number) =>
  count(sql`
    SELECT COUNT(*) AS total
    FROM acme_challenges c
    JOIN custom_domains d ON d.id = c.domain_id
    JOIN certificates x ON x.hostname = TRIM(TRAILING '.' FROM d.domain) AND x.workspace_id = d.workspace_id
    WHERE c.expires_at > ${sql.literal(String(now - abandonedAfter))}
      AND c.expires_at < ${sql.literal(String(now + maxOverdueWindow))}
      AND (c.expires_at - ${sql.literal(String(now))}) * ${sql.literal(String(overdueFraction))}
          < c.expires_at - COALESCE(x.updated_at, x.created_at)`)

const noBuilds = { waiting: 0, waitingSince: null }

export const BacklogLive: Layer.Layer<Backlog, never, MysqlPools> = Layer.effect(
  Backlog,
  Effect.gen(function* () {
    const { primary } = yield* MysqlPools
    const { query, sql } = primary
    return Backlog.of({
      builds: Effect.gen(function* () {
        const { waiting, waitingSince } = (yield* query("Backlog.builds", countWaiting(sql))) ?? noBuilds
        const running = yield* query("Backlog.builds", countRunning(primary))
        return { waiting, waitingSince, running: running?.total ?? 0 }
      }),
      overdueRenewals: (now) =>
        Effect.map(
          query("Backlog.overdueRenewals", countOverdue(sql, Math.trunc(now))),
          (overdue) => overdue?.total ?? 0
        )
    })
  })
)
