import { Clock, Duration, Effect, Option, Schema } from "effect"
import { DeploymentService } from "../../contract/DeploymentService.ts"
import { IdlePreviews } from "../../contract/IdlePreviews.ts"
import type { Input } from "../../restate/Contract.ts"
import { key, uuid } from "../../restate/Durable.ts"
import { implement } from "../../restate/Implementation.ts"
import { send } from "../../restate/Messaging.ts"
import { stateCell } from "../../restate/State.ts"
import { IdlePreviewStore } from "../../services/IdlePreviewStore.ts"
import { TrafficSource } from "../../services/Usage.ts"
import { databaseStep } from "../databaseStep.ts"
import { patient } from "../retry.ts"
import { isAtWork, leaseFrom, quietSince } from "./idleness.ts"

/** Deployments looked at per page: one page is one query of each database, and as much as TrafficSource takes. */
const pageSize = 1000
/** Keep an invocation's journal below 2000 entries and its hold on the key short. */
const pagesPerInvocation = 10
const stopsPerInvocation = 500
const holdsKeyFor = Duration.seconds(20)

/** A run gives up rather than wait: the next one is due in a quarter of an hour. */
const giveUpSoon = { maxAttempts: 3, maxDuration: "20 seconds", initialInterval: "250 millis" } as const
const pageTimeout = Duration.seconds(25)

/** The search that is under way. */
export const Run = Schema.Struct({
  id: Schema.String,
  /** Unix milliseconds. The same for every page: what counts as idle does not move while a run goes on. */
  quietSince: Schema.Number,
  after: Schema.Number,
  /** Unix milliseconds. Past this the run counts as lost. */
  leaseUntil: Schema.Number
})
type Run = typeof Run.Type
const run = stateCell("run", Run)

const begin = ({ now }: Input<typeof IdlePreviews, "Begin">) =>
  Effect.gen(function* () {
    const current = yield* run.get
    if (Option.isSome(current) && isAtWork(current.value, now)) return { started: false }
    const id = yield* uuid
    yield* run.set({ id, quietSince: quietSince(now), after: 0, leaseUntil: leaseFrom(now) })
    yield* send(IdlePreviews, yield* key, "Continue", { run: id })
    return { started: true }
  })

const IdlePage = Schema.Struct({
  idle: Schema.Array(Schema.String),
  next: Schema.NullOr(Schema.Number),
  /** Unix milliseconds. Comes with the page, so that time costs no journal entry of its own. */
  at: Schema.Number
})

/** One page of quiet previews, less those with traffic. Fails rather than call a preview idle without an answer about it. */
const findIdle = ({ quietSince, after }: Run) =>
  Effect.gen(function* () {
    const store = yield* IdlePreviewStore
    const traffic = yield* TrafficSource
    const page = Effect.gen(function* () {
      const { next, previews } = yield* store.page({ quietSince, after, limit: pageSize })
      const at = yield* Clock.currentTimeMillis
      if (previews.length === 0) return { idle: [], next, at }
      const busy = yield* traffic.withTraffic({ deployments: previews, since: quietSince })
      return { idle: previews.map((it) => it.deploymentId).filter((id) => !busy.has(id)), next, at }
    })
    return yield* databaseStep("find-idle-previews", page, {
      success: IdlePage,
      retry: giveUpSoon,
      timeout: pageTimeout
    })
  })

/** The live deployment is refused where the change is made, under a lock: it may have become live since we looked. */
const stop = (deploymentId: string) =>
  Effect.catchTag(
    send(DeploymentService, deploymentId, "ScheduleDesiredStateChange", { delayMillis: 0, state: "standby" }),
    "EncodingFailed",
    ({ message }) => Effect.logError(`idle deployment ${deploymentId} is not stopped: ${message}`)
  )

const sweepPage = (current: Run) =>
  Effect.gen(function* () {
    const page = yield* findIdle(current)
    yield* Effect.forEach(page.idle, stop, { discard: true })
    if (page.idle.length > 0)
      yield* Effect.logInfo("Putting idle previews on standby", { deployments: page.idle.length })
    return page
  })

const sweep = (started: Run) =>
  Effect.gen(function* () {
    let page = yield* sweepPage(started)
    let stopped = page.idle.length
    const until = page.at + Duration.toMillis(holdsKeyFor)
    for (let looked = 1; looked < pagesPerInvocation && page.next !== null; looked++) {
      if (stopped >= stopsPerInvocation || page.at >= until) break
      page = yield* sweepPage({ ...started, after: page.next })
      stopped += page.idle.length
    }
    if (page.next === null) return yield* run.clear
    yield* run.set({ ...started, after: page.next, leaseUntil: leaseFrom(page.at) })
    yield* send(IdlePreviews, yield* key, "Continue", { run: started.id })
  })

const goOn = (input: Input<typeof IdlePreviews, "Continue">) =>
  Effect.gen(function* () {
    const current = yield* run.get
    if (Option.isNone(current) || current.value.id !== input.run) return {}
    yield* sweep(current.value).pipe(
      Effect.catchTag("StepFailed", ({ reason }) =>
        Effect.zipRight(
          Effect.logWarning("The search for idle previews gives up; what it has not looked at keeps running", {
            reason
          }),
          run.clear
        )
      ),
      // The next search begins anew, and is refused and heard of as well.
      Effect.tapErrorTag("DatabaseRefused", () => run.clear)
    )
    return {}
  })

/** Key: `global`. Holds it for a few pages at a time. */
export const IdlePreviewWorkflows = implement(IdlePreviews, { Begin: begin, Continue: goOn }, { retry: patient })
