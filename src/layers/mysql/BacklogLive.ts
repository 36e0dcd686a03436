import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import { abandonedAfter, Backlog, maxOverdueWindow, overdueFraction } from "../../operations/Backlog.ts"
import type { MysqlPool } from "./MysqlPool.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeRows, Integer64 } from "./rows.ts"

const waitingRows = decodeRows(Schema.Struct({ waiting: Integer64, waitingSince: Schema.NullOr(Integer64) }))
const totalRows = decodeRows(Schema.Struct({ total: Integer64 }))

/** A deployment is pending until it leaves its queued step. Few are, and the index on the status finds them. */
const countWaiting = (sql: SqlClient) =>
  Effect.map(
    waitingRows(sql`
      SELECT COUNT(*) AS waiting, CAST(MIN(s.started_at) AS CHAR) AS waitingSince
      FROM deployments d JOIN deployment_steps s ON s.deployment_id = d.id AND s.step = 'queued'
      WHERE d.status = 'pending' AND s.ended_at IS NULL`),
    ([row]) => row ?? { waiting: 0, waitingSince: null }
  )

const countRunning = ({ ownTable, sql }: MysqlPool) =>
  totalRows(sql`
    SELECT COUNT(*) AS total FROM ${ownTable("ctrl_worker_builds")}
    WHERE lease_until > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AND outcome IS NULL`)

// Inlined as numbers: parameters are sent as strings, which makes the server compare as floats.
const countOverdue = (sql: SqlClient, now: number) =>
  totalRows(sql`
    SELECT COUNT(*) AS total
    FROM acme_challenges c
    JOIN custom_domains d ON d.id = c.domain_id
    JOIN certificates x ON x.hostname = TRIM(TRAILING '.' FROM d.domain) AND x.workspace_id = d.workspace_id
    WHERE c.expires_at > ${sql.literal(String(now - abandonedAfter))}
      AND c.expires_at < ${sql.literal(String(now + maxOverdueWindow))}
      AND (c.expires_at - ${sql.literal(String(now))}) * ${sql.literal(String(overdueFraction))}
          < c.expires_at - COALESCE(x.updated_at, x.created_at)`)

export const BacklogLive: Layer.Layer<Backlog, never, MysqlPools> = Layer.effect(
  Backlog,
  Effect.gen(function* () {
    const { primary } = yield* MysqlPools
    const { query, sql } = primary
    const [waiting, running] = [countWaiting(sql), countRunning(primary)]
    return Backlog.of({
      builds: Effect.gen(function* () {
        const { waiting: count, waitingSince } = yield* query("Backlog.builds", waiting)
        const [row] = yield* query("Backlog.builds", running)
        return { waiting: count, waitingSince, running: row?.total ?? 0 }
      }),
      overdueRenewals: (now) =>
        Effect.map(query("Backlog.overdueRenewals", countOverdue(sql, Math.trunc(now))), ([row]) => row?.total ?? 0)
    })
  })
)
