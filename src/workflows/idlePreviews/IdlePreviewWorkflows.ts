import { Clock, Duration, Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { call, implement } from "effect-restate"
import { DeploymentService } from "../../contract/DeploymentService.ts"
import { IdlePreviews } from "../../contract/IdlePreviews.ts"
import { IdlePreviewStore } from "../../services/IdlePreviewStore.ts"
import { TrafficSource } from "../../services/Usage.ts"
import { databaseStep } from "../databaseStep.ts"
import { giveUp, giveUpOnFailure } from "../giveUpOnFailure.ts"
import { pauseAfterRetries } from "../retry.ts"

type Position = Input<typeof IdlePreviews, "Sweep">

/** Deployments looked at per page: one page is one query of each database. */
const pageSize = 200
/** A part of a run ends after any of them: its journal stays below 1,000 entries and its hold on the key short. */
const pagesPerPart = 20
const stopsPerPart = 200
const holdsKeyFor = Duration.seconds(20)
/** Each is a handful of transactions, and takes turns with the others at its regions. */
const stopsAtOnce = 8
/** Past this a stop is left to itself. */
const longestStop = Duration.minutes(1)

/** A run gives up rather than wait: the next one is due in a quarter of an hour. */
const giveUpSoon = { maxAttempts: 3, maxDuration: "20 seconds", initialInterval: "250 millis" } as const
const pageTimeout = Duration.seconds(25)

const IdlePage = Schema.Struct({
  idle: Schema.Array(Schema.String),
  next: Schema.NullOr(Schema.Number),
  /** Unix milliseconds. Comes with the page, so that time costs no journal entry of its own. */
  at: Schema.Number
})

/** One page of quiet previews, less those with traffic. Fails rather than call a preview idle without an answer about it. */
const findIdle = (idleSince: number, after: number) =>
  Effect.gen(function* () {
    const store = yield* IdlePreviewStore
    const traffic = yield* TrafficSource
    const page = Effect.gen(function* () {
      const { next, previews } = yield* store.page({ idleSince, after, limit: pageSize })
      const at = yield* Clock.currentTimeMillis
      if (previews.length === 0) return { idle: [], next, at }
      const busy = yield* traffic.withTraffic({ deployments: previews, since: idleSince })
      return { idle: previews.map((it) => it.deploymentId).filter((id) => !busy.has(id)), next, at }
    })
    return yield* databaseStep("find-idle-previews", page, {
      output: IdlePage,
      retry: giveUpSoon,
      timeout: pageTimeout
    })
  })

/** What became of previews that were to stand by. */
interface Stops {
  stopped: number
  left: number
}

/** The live deployment is refused where the change is made, under a lock: it may have become live since it was looked at. */
const stop = (stops: Stops) => (deploymentId: string) =>
  Effect.gen(function* () {
    // What holds up as many as are stopped at once holds up all: the rest of the page would wait for nothing, a minute each.
    if (stops.left >= stopsAtOnce) return
    const answer = yield* call(DeploymentService, deploymentId, "SetDesiredState", { state: "standby" }).pipe(
      Effect.timeoutOption(longestStop),
      Effect.either
    )
    if (answer._tag === "Left")
      return yield* Effect.logWarning("An idle preview is not stopped", { deploymentId, problem: answer.left.message })
    if (answer.right._tag === "Some") stops.stopped += 1
    else {
      stops.left += 1
      yield* Effect.logWarning("An idle preview does not stand by within a minute", { deploymentId })
    }
  })

const sweepPage = (idleSince: number, after: number, stops: Stops) =>
  Effect.gen(function* () {
    const page = yield* findIdle(idleSince, after)
    yield* Effect.forEach(page.idle, stop(stops), { concurrency: stopsAtOnce, discard: true })
    if (page.idle.length > 0)
      yield* Effect.logInfo("Put idle previews on standby", { deployments: page.idle.length, ...stops })
    return page
  })

const sweep = ({ after, quietSince }: Position) =>
  Effect.gen(function* () {
    // Of this attempt: counted anew, to the same numbers, by each that follows.
    const stops: Stops = { stopped: 0, left: 0 }
    let page = yield* sweepPage(quietSince, Number(after), stops)
    const until = page.at + Duration.toMillis(holdsKeyFor)
    for (let looked = 1; looked < pagesPerPart && page.next !== null; looked++) {
      if (stops.stopped >= stopsPerPart || stops.left >= stopsAtOnce || page.at >= until) break
      page = yield* sweepPage(quietSince, page.next, stops)
    }
    if (stops.left >= stopsAtOnce)
      return yield* giveUp("scale_down_idle", `${stops.left} previews do not stand by within a minute each`)
    return { ...stops, ...(page.next === null ? {} : { next: BigInt(page.next) }) }
  }).pipe(giveUpOnFailure("scale_down_idle"))

/** Key: `global`. Holds it for a few pages at a time; nothing of a run outlives it, however it ends. */
export const IdlePreviewWorkflows = implement(
  IdlePreviews,
  { Sweep: sweep },
  { retry: pauseAfterRetries, endsWhenExhausted: ["Sweep"] }
)
