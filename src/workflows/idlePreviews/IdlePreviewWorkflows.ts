import { Clock, Duration, Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { call, implement } from "effect-restate"
import { DeploymentService } from "../../contract/DeploymentService.ts"
import { IdlePreviews } from "../../contract/IdlePreviews.ts"
import { TrafficSource } from "../../services/clickhouse/Usage.ts"
import { IdlePreviewStore } from "../../services/idlePreviews/IdlePreviewStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { giveUp, giveUpOnFailure } from "../giveUpOnFailure.ts"
import { pauseAfterRetries } from "../retry.ts"

type Position = Input<typeof IdlePreviews, "Sweep">

/** Deployments per page: one page is one query of each database. */
const pageSize = 2000
/** A page ends at so many idle previews, so that it fits into a journal entry. */
const idlePerPage = 200
/**
 * A part of a run ends at any of these limits, so that its journal stays below 1,000 entries and the key is held
 * briefly.
 */
const pagesPerPart = 5
const stopsPerPart = 200
const maxKeyHold = Duration.seconds(20)
/** Each stop is a few transactions, serial with other stops in the same region. */
const stopConcurrency = 8
/** After this time the run no longer waits for a stop. */
const stopTimeout = Duration.minutes(1)

/** Few retries: the next run is due in a quarter of an hour. */
const pageRetry = { maxAttempts: 3, maxDuration: "20 seconds", initialInterval: "250 millis" } as const
const pageTimeout = Duration.seconds(25)

const IdlePage = Schema.Struct({
  idle: Schema.Array(Schema.String),
  next: Schema.NullOr(Schema.Number),
  /** Unix milliseconds. Part of the page, so that the time needs no journal entry of its own. */
  at: Schema.Number
})

/** One page of previews without traffic. Fails if the traffic of a preview is unknown. */
const findIdle = (idleSince: number, after: number) =>
  Effect.gen(function* () {
    const store = yield* IdlePreviewStore
    const traffic = yield* TrafficSource
    const page = Effect.gen(function* () {
      const { next, previews } = yield* store.page({ idleSince, after, limit: pageSize })
      const at = yield* Clock.currentTimeMillis
      if (previews.length === 0) return { idle: [], next, at }
      const busy = yield* traffic.withTraffic({ deployments: previews, since: idleSince })
      const idle = previews.filter(({ deploymentId }) => !busy.has(deploymentId))
      const taken = idle.slice(0, idlePerPage)
      const last = idle.length > taken.length ? taken.at(-1)?.ordinal : undefined
      return { idle: taken.map(({ deploymentId }) => deploymentId), next: last ?? next, at }
    })
    return yield* databaseStep("find-idle-previews", page, {
      output: IdlePage,
      retry: pageRetry,
      timeout: pageTimeout
    })
  })

/** Stopped previews, and stops that were not awaited to the end. */
interface StopCounts {
  stopped: number
  left: number
}

/** A deployment that became live meanwhile is refused by the change itself, under a lock. */
const stop = (stops: StopCounts) => (deploymentId: string) =>
  Effect.gen(function* () {
    // If as many stops as run at once have timed out, the rest would too, a minute each.
    if (stops.left >= stopConcurrency) return
    const answer = yield* call(DeploymentService, deploymentId, "SetDesiredState", { state: "standby" }).pipe(
      Effect.timeoutOption(stopTimeout),
      Effect.either
    )
    if (answer._tag === "Left")
      return yield* Effect.annotateLogs(
        Effect.logWarning("An idle preview could not be stopped", { problem: answer.left.message }),
        "deployment_id",
        deploymentId
      )
    if (answer.right._tag === "Some") stops.stopped += 1
    else {
      stops.left += 1
      yield* Effect.annotateLogs(
        Effect.logWarning("An idle preview is not on standby within a minute"),
        "deployment_id",
        deploymentId
      )
    }
  })

const sweepPage = (quietSince: number, after: number, stops: StopCounts) =>
  Effect.gen(function* () {
    const page = yield* findIdle(quietSince, after)
    yield* Effect.forEach(page.idle, stop(stops), { concurrency: stopConcurrency, discard: true })
    if (page.idle.length > 0)
      yield* Effect.logInfo("Put idle previews on standby", { deployments: page.idle.length, ...stops })
    return page
  })

const sweep = ({ after, quietSince }: Position) =>
  Effect.gen(function* () {
    // Counts of this attempt. A replay counts again, to the same numbers.
    const stops: StopCounts = { stopped: 0, left: 0 }
    let page = yield* sweepPage(quietSince, Number(after), stops)
    const until = page.at + Duration.toMillis(maxKeyHold)
    for (let pages = 1; pages < pagesPerPart && page.next !== null; pages++) {
      if (stops.stopped >= stopsPerPart || stops.left >= stopConcurrency || page.at >= until) break
      page = yield* sweepPage(quietSince, page.next, stops)
    }
    if (stops.left >= stopConcurrency)
      return yield* giveUp("scale_down_idle", `${stops.left} previews are not on standby within a minute each`)
    return { ...stops, ...(page.next === null ? {} : { next: BigInt(page.next) }) }
  }).pipe(giveUpOnFailure("scale_down_idle"))

/** Key: `global`. Holds it for a few pages at a time. A run leaves no state. */
export const IdlePreviewWorkflows = implement(
  IdlePreviews,
  { Sweep: sweep },
  { retry: pauseAfterRetries, endsWhenExhausted: ["Sweep"] }
)
