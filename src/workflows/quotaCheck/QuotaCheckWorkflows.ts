import { Array as Arr, Clock, type Context, Duration, Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { call, implement, key } from "effect-restate"
import { UsageNotConfigured } from "../../contract/errors.ts"
import { QuotaCheckService } from "../../contract/QuotaCheckService.ts"
import { QuotaNoticeService } from "../../contract/QuotaNoticeService.ts"
import { UsageSource, type WorkspaceUsage } from "../../services/clickhouse/Usage.ts"
import { recordMetric } from "../../services/Metrics.ts"
import { QuotaStore } from "../../services/quotaCheck/QuotaStore.ts"
import { UpkeepSettings } from "../../services/UpkeepSettings.ts"
import { logEvent } from "../businessEvents.ts"
import { forgetGoNotices, goNotices } from "../compat/goCells.ts"
import { databaseStep } from "../databaseStep.ts"
import { giveUpOnFailure } from "../giveUpOnFailure.ts"
import { sendHeartbeat } from "../heartbeat.ts"
import { pauseAfterRetries, retryForSixHours } from "../retry.ts"
import { type BillingPeriod, billingPeriod, isExceeded } from "./decideNotice.ts"

type Position = Input<typeof QuotaCheckService, "CheckSlice">

/** ClickHouse reads the whole month for each page, so that pages are large: at most 11 MB, with ids as wide as their column. */
const pageSize = 10_000
/** A page ends at so many that exceed their quota: it then fits into a journal entry, with ids as wide as their column. */
const exceededPerPage = 200
/** Workspace ids in one query. */
const idsPerLookup = 1000
/** A slice ends at either limit, which bounds its journal. */
const pagesPerSlice = 5
const noticesPerSlice = 100
/** Attempts per notice, and the number of undelivered notices after which a run leaves the rest to the next check. */
const attemptsPerNotice = 3
const maxFailures = 3
const maxDelay = Duration.seconds(60)

const period = Effect.flatMap(key, billingPeriod)

const Exceeded = Schema.Struct({ workspaceId: Schema.String, used: Schema.Number, limit: Schema.Number })
const UsagePage = Schema.Struct({
  after: Schema.String,
  checked: Schema.Number,
  exceeded: Schema.Array(Exceeded),
  done: Schema.Boolean
})

interface Sources {
  readonly source: Context.Tag.Service<UsageSource>
  readonly store: Context.Tag.Service<QuotaStore>
  readonly minimum: number
}

/**
 * The quotas that may be used up, by workspace. Those who used about as much are asked for together, so that the database
 * leaves out the quotas that none of them can have reached: nearly all.
 */
const quotasOf = ({ store }: Sources, usage: ReadonlyArray<WorkspaceUsage>) =>
  Effect.gen(function* () {
    const byUse = usage.toSorted((one, other) => other.used - one.used)
    const found = yield* Effect.forEach(Arr.chunksOf(byUse, idsPerLookup), (chunk) =>
      store.findLimited(
        chunk.map(({ workspaceId }) => workspaceId),
        chunk[0]?.used ?? 0
      )
    )
    return new Map(found.flat().map((workspace) => [workspace.workspaceId, workspace]))
  })

const exceededOf = (sources: Sources, usage: ReadonlyArray<WorkspaceUsage>) =>
  Effect.map(quotasOf(sources, usage), (quotas) =>
    usage.flatMap(({ used, workspaceId }, index) => {
      const workspace = quotas.get(workspaceId)
      return workspace !== undefined && isExceeded(workspace, used)
        ? [{ index, found: { workspaceId, used, limit: workspace.requestsPerMonth ?? 0 } }]
        : []
    })
  )

const readPage = (sources: Sources, { month, year }: BillingPeriod, { after, checked }: Position) =>
  Effect.gen(function* () {
    const usage = yield* Effect.catchIf(
      sources.source.page({ year, month, minimum: sources.minimum, after, limit: pageSize }),
      ({ reason }) => reason === "not-configured",
      () => new UsageNotConfigured()
    )
    const exceeded = yield* exceededOf(sources, usage)
    const firstLeft = exceeded[exceededPerPage]?.index
    const seen = firstLeft === undefined ? usage : usage.slice(0, firstLeft)
    yield* recordMetric({ _tag: "JobProgressed", job: "quota_check", done: checked + seen.length })
    return {
      after: seen.at(-1)?.workspaceId ?? after,
      checked: seen.length,
      exceeded: exceeded.slice(0, exceededPerPage).map(({ found }) => found),
      done: firstLeft === undefined && usage.length < pageSize
    }
  })

/** Retries with a delay between calls, so that the workspace's object is free meanwhile. */
const deliver = (of: BillingPeriod, { limit, used, workspaceId }: typeof Exceeded.Type, notifiedAt: number) =>
  Effect.gen(function* () {
    const notifyOnce = call(QuotaNoticeService, workspaceId, "Notify", {
      period: of.name,
      used: BigInt(used),
      limit: BigInt(limit),
      notifiedAt: BigInt(notifiedAt)
    })
    let answer = yield* notifyOnce
    for (let attempt = 1; attempt < attemptsPerNotice && answer.outcome === "failed"; attempt++) {
      yield* Effect.sleep(Duration.min(Duration.seconds(Math.max(answer.retryAfterSeconds, 2 ** attempt)), maxDelay))
      answer = yield* notifyOnce
    }
    return answer.outcome
  })

/** A failure for one workspace does not affect the others. */
const notify = (of: BillingPeriod, exceeded: typeof Exceeded.Type, notifiedAt: number) =>
  Effect.catchAll(deliver(of, exceeded, notifiedAt), ({ message }) =>
    Effect.as(
      Effect.annotateLogs(
        Effect.logError("A workspace that exceeds its quota cannot be notified", { problem: message }),
        "workspace_id",
        exceeded.workspaceId
      ),
      "refused" as const
    )
  )

const checkPage = (of: BillingPeriod, notified: Readonly<Record<string, number>>, before: Position) =>
  Effect.gen(function* () {
    const sources: Sources = {
      source: yield* UsageSource,
      store: yield* QuotaStore,
      minimum: (yield* UpkeepSettings).minimumUsage
    }
    const page = yield* databaseStep("check-usage", readPage(sources, of, before), {
      output: UsagePage,
      error: UsageNotConfigured,
      retry: retryForSixHours
    })
    let { failed, refused, sent } = before
    for (const workspace of page.exceeded) {
      if (failed >= maxFailures) break
      const outcome = yield* notify(of, workspace, notified[workspace.workspaceId] ?? 0)
      if (outcome === "sent") sent += 1
      if (outcome === "failed") failed += 1
      if (outcome === "refused") refused += 1
    }
    const checked = before.checked + page.checked
    return {
      after: page.after,
      checked,
      exceeded: before.exceeded + page.exceeded.length,
      sent,
      failed,
      refused,
      done: page.done
    }
  })

const checkSlice = (before: Position) =>
  Effect.gen(function* () {
    const of = yield* period
    const told = yield* goNotices
    let at = { ...before, done: false }
    for (let page = 0; page < pagesPerSlice && at.exceeded - before.exceeded < noticesPerSlice && !at.done; page++) {
      at = yield* checkPage(of, told, at)
    }
    yield* Effect.logInfo("Checked quotas", { period: of.name, workspaces: at.checked, exceeded: at.exceeded })
    return at
  }).pipe(giveUpOnFailure("quota_check"))

const startPosition: Position = { after: "", checked: 0, exceeded: 0, sent: 0, failed: 0, refused: 0 }

const runCheck = Effect.gen(function* () {
  const of = yield* period
  const name = yield* key
  if (Object.keys(yield* goNotices).length > 0) yield* call(QuotaCheckService, name, "ForgetOldNotices", {})
  const slice = ({ after, checked, exceeded, failed, refused, sent }: Position) =>
    call(QuotaCheckService, name, "CheckSlice", { after, checked, exceeded, sent, failed, refused })
  const end = yield* Effect.iterate(yield* slice(startPosition), { while: ({ done }) => !done, body: slice })
  if (end.failed > 0) yield* Effect.logError("Quota notices were not delivered; the next check sends them")
  if (end.refused > 0)
    yield* Effect.logError("Cannot notify about some workspaces that exceed their quota", { count: end.refused })
  const { checked: workspaces, exceeded, sent: notices } = end
  yield* logEvent("quota_check.completed", { period: of.name, workspaces, exceeded, notices })
  yield* sendHeartbeat("quota_check")
  return { workspacesChecked: end.checked, workspacesExceeded: end.exceeded, notificationsSent: end.sent }
}).pipe(giveUpOnFailure("quota_check"))

const forgetOldNotices = Effect.gen(function* () {
  yield* forgetGoNotices((yield* Clock.currentTimeMillis) / 1000)
  return {}
})

/** Key: billing period. */
export const QuotaCheckWorkflows = implement(
  QuotaCheckService,
  { RunCheck: () => runCheck, CheckSlice: checkSlice, ForgetOldNotices: () => forgetOldNotices },
  { retry: pauseAfterRetries, endsWhenExhausted: ["RunCheck", "CheckSlice", "ForgetOldNotices"] }
)
