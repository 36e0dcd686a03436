import { SqlClient } from "@effect/sql/SqlClient"
import { Clock, Effect, Schema } from "effect"
import { KeyRefillService } from "../../../src/contract/KeyRefillService.ts"
import { QuotaCheckService } from "../../../src/contract/QuotaCheckService.ts"
import { Monitor } from "../../simulators/Monitor.ts"
import { SlackServer } from "../../simulators/SlackServer.ts"
import type { SeededProject } from "../../simulators/seed.ts"
import { seedUsedUpKeys } from "../../simulators/seedUpkeep.ts"
import { analyticsClient, insertRows } from "../AnalyticsClient.ts"
import { IngressClient } from "../IngressClient.ts"
import { good, say, seconds, show, thousands } from "../narration.ts"
import { expect, expectBody } from "../StoryFailed.ts"

const usage = { billable_verifications_per_month_v2: 1_200_000, billable_ratelimits_per_month_v2: 50_000 }
const keys = 10_000
const refillAmount = 1_000

const today = Effect.map(Clock.currentTimeMillis, (now) => new Date(now).toISOString().slice(0, 10))

const Checked = Schema.Struct({ notificationsSent: Schema.optionalWith(Schema.Number, { default: () => 0 }) })

/** The title and the fields, without Slack's markup. */
const Message = Schema.Struct({
  text: Schema.String,
  blocks: Schema.Array(Schema.Struct({ fields: Schema.optional(Schema.Array(Schema.Struct({ text: Schema.String }))) }))
})

const linesOf = ({ blocks, text }: typeof Message.Type): ReadonlyArray<string> => [
  text,
  ...blocks.flatMap(({ fields = [] }) =>
    fields.length === 0 ? [] : [fields.map((field) => field.text.replaceAll("*", "").replace("\n", " ")).join(" · ")]
  )
]

const checkQuotas = Effect.gen(function* () {
  const client = yield* IngressClient
  const month = (yield* today).slice(0, 7)
  const reply = yield* client.call({ service: QuotaCheckService, key: month, handler: "RunCheck" })
  return yield* expectBody("quota check", reply, Checked)
})

/** A workspace above its quota is notified once, however often quotas are checked. */
export const quotaAlert = Effect.fnUntraced(function* (project: SeededProject, quota: number, clickhouse: string) {
  const { messages } = yield* SlackServer
  const used = Object.values(usage).reduce((sum, count) => sum + count, 0)
  yield* say(
    `Check quotas: ${project.workspaceSlug} may make ${thousands(quota)} requests, and made ${thousands(used)}`,
    "checking quotas"
  )
  const [year, month] = (yield* today).split("-").map(Number)
  const analytics = yield* analyticsClient(clickhouse)
  yield* Effect.forEach(Object.entries(usage), ([table, count]) =>
    insertRows(analytics, `default.${table}`, [{ year, month, workspace_id: project.workspaceId, count }])
  )
  const { notificationsSent } = yield* checkQuotas
  yield* expect("quota check", notificationsSent === 1, `${notificationsSent} notices`)
  const [message] = yield* Effect.orDie(Schema.decodeUnknown(Schema.Array(Message))(messages))
  if (message !== undefined) yield* Effect.forEach(linesOf(message), (line) => show(`Slack │ ${line}`))
  const again = yield* checkQuotas
  yield* expect("second check", again.notificationsSent === 0 && messages.length === 1, "it told Slack again")
  yield* good("Slack got one message; a second check sends none")
})

const Progress = Schema.Struct({
  keysRefilled: Schema.optionalWith(Schema.Number, { default: () => 0 })
})

/** Logs the refill's progress. */
const watchRefill = (day: string) =>
  Effect.gen(function* () {
    const client = yield* IngressClient
    let said = 0
    for (;;) {
      const reply = yield* client.call({ service: KeyRefillService, key: day, handler: "Progress" })
      const { keysRefilled } = yield* expectBody("progress of the refill", reply, Progress)
      if (keysRefilled - said >= keys / 4) {
        yield* show(`${thousands(keysRefilled).padStart(6)} of ${thousands(keys)} keys`)
        said = keysRefilled
      }
      yield* Effect.sleep("50 millis")
    }
  })

const refillKeys = (day: string) =>
  Effect.gen(function* () {
    const client = yield* IngressClient
    const reply = yield* client.call({ service: KeyRefillService, key: day, handler: "RunRefill" })
    return (yield* expectBody("refill", reply, Progress)).keysRefilled
  })

interface Counts {
  readonly full: number
  readonly entries: number
}

const count = (workspaceId: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [counts] = yield* sql<Counts>`
      SELECT (SELECT COUNT(*) FROM ${sql("keys")}
              WHERE workspace_id = ${workspaceId} AND remaining_requests = refill_amount) AS full,
             (SELECT COUNT(*) FROM audit_log WHERE workspace_id = ${workspaceId}) AS entries`
    return { full: Number(counts?.full ?? 0), entries: Number(counts?.entries ?? 0) }
  })

/** Every key is refilled and in the audit log once, also after a second run. */
export const keyRefill = Effect.fnUntraced(function* ({ workspaceId }: SeededProject) {
  const day = yield* today
  yield* say(`Refill ${thousands(keys)} keys that are due on ${day}`, "refilling keys")
  yield* seedUsedUpKeys(workspaceId, keys, refillAmount)
  const [took, refilled] = yield* Effect.timed(Effect.raceFirst(refillKeys(day), watchRefill(day)))
  yield* expect("refill", refilled === keys, `refilled ${refilled} keys`)
  yield* refillKeys(day)
  const { entries, full } = yield* count(workspaceId)
  yield* expect("refill", full === keys && entries === keys, `${full} keys are full, ${entries} audit entries`)
  yield* good(
    `${thousands(full)} keys full and as many audit entries in ${seconds(took)}; a second run changed nothing`
  )
})

/** The monitor has received the heartbeats of the jobs that ran. */
export const heartbeats = Effect.fnUntraced(function* (expected: ReadonlyArray<string>) {
  const heard = yield* (yield* Monitor).heard
  const missing = expected.filter((job) => !heard.includes(job))
  yield* expect("heartbeats", missing.length === 0, `nothing was heard of ${missing.join(", ")}`)
  yield* good(`The monitor heard of ${expected.join(", ")}`)
})
