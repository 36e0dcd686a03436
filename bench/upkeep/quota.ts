import { randomInt } from "node:crypto"
import { createClient } from "@clickhouse/client"
import { Effect, Layer } from "effect"
import { SlackServer, slackServer } from "../../dev/simulators/SlackServer.ts"
import { ClickhouseServer, clickhouseServer } from "../../dev/stack/ClickhouseServer.ts"
import { benchDatabase, callHandler, numbers, restateSql, watched, worker } from "./fixture.ts"

export interface QuotaBenchOptions {
  readonly workspaces: number
}

export interface QuotaSample {
  readonly workspaces: number
  /** Where the analytics database came from. */
  readonly clickhouse: string
  readonly exceeded: number
  /** The first check, which sends the notices, and one after it, which sends none. */
  readonly firstSeconds: number
  readonly laterSeconds: number
  /** One statement that finds the same workspaces. */
  readonly statementSeconds: number
  readonly largestStateBytes: number
  readonly largestJournalBytes: number
  readonly peakMiB: number
}

const seed = (count: number) => `
  INSERT INTO workspaces (id, org_id, name, slug, beta_features, features)
  SELECT CONCAT('ws_', LPAD(n, 7, '0')), CONCAT('org_', n), CONCAT('Workspace ', n), CONCAT('slug-', n), '{}', '{}'
  FROM ${numbers} WHERE n < ${count}`

/** Of this run alone, should the server be shared. */
const year = randomInt(3000, 9000)

const services = "target_service_name IN ('hydra.v1.QuotaCheckService', 'ctrl_worker.v1.QuotaNoticeService')"

const largest = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>): number =>
  Math.max(0, ...rows.map(({ bytes }) => Number(bytes)))

const billable = ["billable_verifications_per_month_v2", "billable_ratelimits_per_month_v2"]

/** Half of each workspace's usage is in either table. All but every thousandth stay below their quota of a million. */
const useUp = Effect.fnUntraced(function* (url: string, workspaces: number) {
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => createClient({ url })),
    (open) => Effect.promise(() => open.close())
  )
  const usage = `
    SELECT ${year} AS year, 2 AS month, concat('ws_', leftPad(toString(number), 7, '0')) AS workspace_id,
           if(number % 1000 = 0, 1000000, 250000) AS count
    FROM numbers(${workspaces})`
  yield* Effect.forEach(billable, (table) =>
    Effect.promise(() => client.command({ query: `INSERT INTO ${table} (year, month, workspace_id, count) ${usage}` }))
  )
})

/** Two checks through the ingress of the real stack, with a Slack and a ClickHouse beside it; one workspace in a thousand uses too much. */
export const benchQuota = ({ workspaces }: QuotaBenchOptions) =>
  Effect.gen(function* () {
    const { messages, url: slack } = yield* SlackServer
    const database = yield* benchDatabase
    const { source, url: clickhouse } = yield* ClickhouseServer
    const env = { WORKER_CLICKHOUSE_URL: clickhouse, WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: slack }
    const { metrics } = yield* worker(database.url, env)
    yield* useUp(clickhouse, workspaces)
    yield* database.run(seed(workspaces))
    yield* database.run("INSERT INTO quota (workspace_id, requests_per_month) SELECT id, 1000000 FROM workspaces")
    const check = watched(metrics, callHandler(`hydra.v1.QuotaCheckService/${year}-02/RunCheck`))
    const first = yield* check
    const later = yield* check
    const startedAt = performance.now()
    yield* database.run(
      "SELECT COUNT(*) FROM workspaces w JOIN quota q ON q.workspace_id = w.id WHERE w.enabled AND q.requests_per_month <= 2000000"
    )
    const statementSeconds = (performance.now() - startedAt) / 1000
    const states = yield* restateSql(
      "SELECT service_name, service_key, SUM(LENGTH(key) + LENGTH(value_utf8)) AS bytes FROM state WHERE service_name LIKE '%Quota%' GROUP BY service_name, service_key"
    )
    const journals = yield* restateSql(
      `SELECT j.id, SUM(LENGTH(j.entry_json)) AS bytes FROM sys_journal j JOIN sys_invocation i ON i.id = j.id WHERE i.${services} GROUP BY j.id`
    )
    const sample: QuotaSample = {
      workspaces,
      clickhouse: source.replace(/ on .*/, ""),
      exceeded: messages.length,
      firstSeconds: first.seconds,
      laterSeconds: later.seconds,
      statementSeconds,
      largestStateBytes: largest(states),
      largestJournalBytes: largest(journals),
      peakMiB: Math.max(first.peakMiB, later.peakMiB)
    }
    yield* Effect.logInfo(`quota: ${first.answer} then ${later.answer} ${JSON.stringify(sample)}`)
    return sample
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(slackServer, clickhouseServer())))
