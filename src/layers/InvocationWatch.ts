import { Clock, Duration, Effect, Layer, Option, Ref } from "effect"
import { findStuck, patienceMillis, waitingByHolder, youngestStuckMillis } from "../services/findStuck.ts"
import { type InvocationFailure, Invocations } from "../services/Invocations.ts"
import { type Finding, type Memory, planReports } from "../services/planReports.ts"
import { WorkflowMetrics } from "../services/WorkflowMetrics.ts"
import { type AdminAddress, wayOut } from "../services/wayOut.ts"
import { keepSampling } from "./keepSampling.ts"

export interface InvocationWatchOptions extends AdminAddress {
  /** How long an invocation may take in all, in milliseconds, by `Service/handler`. Invocations of other services are not judged. */
  readonly deadlines: ReadonlyMap<string, number>
}

// Two samples in the shortest alerting window (one minute).
const pollInterval = Duration.seconds(30)

/** Rows of one answer: far more than a person can look at, and some hundred kilobytes at most. */
const maxPaused = 500
const maxOpen = 2000
const maxHeldKeys = 500
/** Lines of one look; what is beyond is counted in one more. */
const maxLines = 20

interface Look {
  readonly findings: ReadonlyArray<Finding>
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

/** Asks for details only of what there is: in most looks that is one question. */
const look = (invocations: Invocations["Type"], deadlines: InvocationWatchOptions["deadlines"], now: number) =>
  Effect.gen(function* () {
    const counts = yield* invocations.counts({})
    const has = (...statuses: ReadonlyArray<string>) => counts.some(({ status }) => statuses.includes(status))
    const services = [...new Set([...deadlines.keys()].map((handler) => handler.slice(0, handler.indexOf("/"))))]
    const paused = has("paused") ? yield* invocations.paused(maxPaused) : []
    const open = has("running", "ready", "backing-off", "suspended", "scheduled")
      ? yield* invocations.openSince(services, now - youngestStuckMillis, maxOpen)
      : []
    const heldUp = has("pending") ? yield* invocations.heldUp(now - patienceMillis, maxHeldKeys) : []
    const waiting = waitingByHolder(heldUp)
    const findings: ReadonlyArray<Finding> = [
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
      // Whoever waits for a key is of the same service as its holder.
      stuck: countBy(
        findings.filter(({ trouble, waiting }) => trouble !== "paused" || waiting > 0),
        ({ invocation }) => invocation.service,
        ({ trouble, waiting }) => waiting + (trouble === "paused" ? 0 : 1)
      ),
      isWhole: paused.length < maxPaused && open.length < maxOpen
    } satisfies Look
  })

const nameOf = ({ invocation: { handler, id, key, service } }: Finding) => ({
  invocation: id,
  service,
  handler,
  ...(key === null ? {} : { key })
})

/** Step and code only: what an error says may quote a secret, and the worker's own log has it under the invocation's id. */
const describe = (options: InvocationWatchOptions, finding: Finding, failure: InvocationFailure) => ({
  ...nameOf(finding),
  trouble: finding.trouble,
  since: new Date(finding.since).toISOString(),
  attempts: finding.invocation.attempts,
  ...(finding.waiting === 0 ? {} : { waiting: finding.waiting }),
  ...(failure.step === null ? {} : { step: failure.step }),
  ...(failure.code === null ? {} : { code: failure.code }),
  way_out: wayOut(options, finding.invocation.id, finding.trouble)
})

const say = (options: InvocationWatchOptions, invocations: Invocations["Type"], found: ReadonlyArray<Finding>) =>
  Effect.gen(function* () {
    const lines = found.slice(0, maxLines)
    const causes = yield* invocations.failures(
      lines.flatMap(({ invocation, trouble }) => (trouble === "paused" ? [invocation.id] : []))
    )
    for (const finding of lines) {
      const failure = causes.get(finding.invocation.id) ?? finding.invocation.failure
      const message = finding.trouble === "paused" ? "An invocation waits for a person" : "An invocation is stuck"
      yield* Effect.logWarning(message, describe(options, finding, failure))
    }
    const more = found.length - lines.length
    if (more > 0) {
      yield* Effect.logWarning("More invocations need a person; the status command lists them", { more })
    }
  })

const sayRecovered = (recovered: ReadonlyArray<Finding>) =>
  Effect.gen(function* () {
    for (const finding of recovered.slice(0, maxLines)) {
      const was = { trouble: finding.trouble, since: new Date(finding.since).toISOString() }
      yield* Effect.logInfo("An invocation goes on or has ended", { ...nameOf(finding), ...was })
    }
    const more = recovered.length - maxLines
    if (more > 0) yield* Effect.logInfo("More invocations go on or have ended", { more })
  })

/**
 * Finds what needs a person, every 30 seconds for as long as the scope is open: counts it, and says of each invocation
 * once, and again every hour, what holds it up and how to get it out. While Restate cannot be asked the counts show nothing
 * and the gauge of the watch itself is 0; that is logged when it begins, not at every look.
 *
 * Every worker watches for itself, so each of them shows the same numbers and writes the same lines.
 */
export const InvocationWatch = (
  options: InvocationWatchOptions
): Layer.Layer<never, never, Invocations | WorkflowMetrics> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const invocations = yield* Invocations
      const metrics = yield* WorkflowMetrics
      const memory = yield* Ref.make<Memory>(new Map())

      const show = (seen: Option.Option<Look>) =>
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
        const seen = yield* look(invocations, options.deadlines, now)
        yield* show(Option.some(seen))
        const reports = planReports(yield* Ref.get(memory), seen.findings, now, seen.isWhole)
        yield* say(options, invocations, reports.findings)
        yield* sayRecovered(reports.recovered)
        yield* Ref.set(memory, reports.memory)
      })
      yield* keepSampling({
        every: pollInterval,
        sample: watch,
        hide: show(Option.none()),
        unknown: "It is not known which invocations need a person"
      })
    })
  )
