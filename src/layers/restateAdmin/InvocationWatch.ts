import { Clock, Duration, Effect, Layer, Option, Ref } from "effect"
import type { CommandPlace } from "../../operations/commandLineFor.ts"
import { findStuck, minStuckAgeMillis, stuckAfterMillis, waitingByHolder } from "../../operations/findStuck.ts"
import { type InvocationFailure, Invocations } from "../../operations/Invocations.ts"
import { type BlockedInvocation, planReports, type ReportHistory } from "../../operations/planReports.ts"
import { remediationFor } from "../../operations/remediationFor.ts"
import { WorkflowMetrics } from "../../services/WorkflowMetrics.ts"
import { isoTime } from "../../text/isoTime.ts"
import { keepSampling } from "../telemetry/keepSampling.ts"

export interface InvocationWatchOptions {
  /** How the commands of `way_out` start. */
  readonly place: CommandPlace
  /** Maximum duration of an invocation in milliseconds, by `Service/handler`. Other services are not checked. */
  readonly deadlines: ReadonlyMap<string, number>
}

// Two samples in the shortest alerting window (one minute).
const pollInterval = Duration.seconds(30)

/** Rows per query: far more than an operator reads, and some hundred kilobytes at most. */
const maxPaused = 500
const maxOpen = 2000
const maxHeldKeys = 500
/** Log lines per poll; the rest is summed up in one more. */
const maxLines = 20

interface PollResult {
  readonly findings: ReadonlyArray<BlockedInvocation>
  readonly paused: ReadonlyMap<string, number>
  readonly stuck: ReadonlyMap<string, number>
  readonly isWhole: boolean
}

const countBy = <A>(
  items: ReadonlyArray<A>,
  nameOf: (item: A) => string,
  countOf: (item: A) => number
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + countOf(item))
  return counts
}

/** Queries details only of statuses that exist; mostly that is one query. */
const poll = (invocations: Invocations["Type"], deadlines: InvocationWatchOptions["deadlines"], now: number) =>
  Effect.gen(function* () {
    const counts = yield* invocations.counts({})
    const has = (...statuses: ReadonlyArray<string>) => counts.some(({ status }) => statuses.includes(status))
    const services = [...new Set([...deadlines.keys()].map((handler) => handler.slice(0, handler.indexOf("/"))))]
    const paused = has("paused") ? yield* invocations.paused(maxPaused) : []
    const open = has("running", "ready", "backing-off", "suspended", "scheduled")
      ? yield* invocations.openSince(services, now - minStuckAgeMillis, maxOpen)
      : []
    const heldUp = has("pending") ? yield* invocations.keyHolders(now - stuckAfterMillis, maxHeldKeys) : []
    const waiting = waitingByHolder(heldUp)
    const findings: ReadonlyArray<BlockedInvocation> = [
      ...paused.map((invocation) => ({ invocation, trouble: "paused" as const, since: invocation.modifiedAt })),
      ...findStuck({ invocations: open, waiting, deadlines }, now).map(({ reason, ...stuck }) => ({
        ...stuck,
        trouble: reason
      }))
    ].map((finding) => ({ ...finding, waiting: waiting.get(finding.invocation.id) ?? 0 }))
    return {
      findings,
      paused: new Map(
        counts.flatMap(({ count, service, status }) => (status === "paused" ? [[service, count] as const] : []))
      ),
      // A waiting invocation belongs to the same service as the key's holder.
      stuck: countBy(
        findings.filter(({ trouble, waiting }) => trouble !== "paused" || waiting > 0),
        ({ invocation }) => invocation.service,
        ({ trouble, waiting }) => waiting + (trouble === "paused" ? 0 : 1)
      ),
      isWhole: paused.length < maxPaused && open.length < maxOpen
    } satisfies PollResult
  })

const nameOf = ({ invocation: { handler, id, key, service } }: BlockedInvocation) => ({
  invocation: id,
  service,
  handler,
  ...(key === null ? {} : { key })
})

/** Step and code only: the text of an error may quote a secret. The worker's own log has it under the invocation's id. */
const describe = (options: InvocationWatchOptions, finding: BlockedInvocation, failure: InvocationFailure) => ({
  ...nameOf(finding),
  block_reason: finding.trouble,
  since: isoTime(finding.since),
  attempts: finding.invocation.attempts,
  ...(finding.waiting === 0 ? {} : { waiting: finding.waiting }),
  ...(failure.step === null ? {} : { step: failure.step }),
  ...(failure.code === null ? {} : { code: failure.code }),
  way_out: remediationFor(options.place, finding.invocation.id, finding.trouble)
})

const logBlocked = (
  options: InvocationWatchOptions,
  invocations: Invocations["Type"],
  found: ReadonlyArray<BlockedInvocation>
) =>
  Effect.gen(function* () {
    const lines = found.slice(0, maxLines)
    const causes = yield* invocations.failures(
      lines.flatMap(({ invocation, trouble }) => (trouble === "paused" ? [invocation.id] : []))
    )
    for (const finding of lines) {
      const failure = causes.get(finding.invocation.id) ?? finding.invocation.failure
      const message = finding.trouble === "paused" ? "An invocation is paused" : "An invocation is stuck"
      yield* Effect.annotateLogs(Effect.logWarning(message), describe(options, finding, failure))
    }
    const more = found.length - lines.length
    if (more > 0) {
      yield* Effect.logWarning("More invocations are paused or stuck; the status command lists them", { more })
    }
  })

const logRecovered = (recovered: ReadonlyArray<BlockedInvocation>) =>
  Effect.gen(function* () {
    for (const finding of recovered.slice(0, maxLines)) {
      const was = { block_reason: finding.trouble, since: isoTime(finding.since) }
      const line = Effect.logInfo("An invocation is no longer paused or stuck")
      yield* Effect.annotateLogs(line, { ...nameOf(finding), ...was })
    }
    const more = recovered.length - maxLines
    if (more > 0) yield* Effect.logInfo("More invocations are no longer paused or stuck", { more })
  })

/**
 * Finds paused and stuck invocations every 30 seconds for as long as the scope is open. It sets their metrics, and logs each
 * one with its reason and how to unblock it: when first seen, and again every hour. While Restate is unavailable the
 * counts are cleared and `invocation_watch_up` is 0; the log has one line for the outage.
 *
 * Every worker runs its own watch, so all show the same numbers and write the same lines.
 */
export const InvocationWatch = (
  options: InvocationWatchOptions
): Layer.Layer<never, never, Invocations | WorkflowMetrics> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const invocations = yield* Invocations
      const metrics = yield* WorkflowMetrics
      const memory = yield* Ref.make<ReportHistory>(new Map())

      const updateMetrics = (seen: Option.Option<PollResult>) =>
        Effect.all(
          [
            metrics.setPausedInvocations(Option.map(seen, ({ paused }) => paused)),
            metrics.setStuckInvocations(Option.map(seen, ({ stuck }) => stuck)),
            metrics.setInvocationWatchUp(Option.isSome(seen))
          ],
          { discard: true }
        )
      const watch = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const seen = yield* poll(invocations, options.deadlines, now)
        yield* updateMetrics(Option.some(seen))
        const reports = planReports(yield* Ref.get(memory), seen.findings, now, seen.isWhole)
        yield* logBlocked(options, invocations, reports.toReport)
        yield* logRecovered(reports.recovered)
        yield* Ref.set(memory, reports.history)
      })
      yield* keepSampling({
        every: pollInterval,
        sample: watch,
        clear: updateMetrics(Option.none()),
        failureMessage: "Cannot query Restate for paused and stuck invocations"
      })
    })
  )
