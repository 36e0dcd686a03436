import { Clock, Effect, Option, Schema } from "effect"
import { call, implement, key, resolveAwakeable, send, stateCell, step } from "effect-restate"
import { BuildSlotService, SlotUpdate } from "../../contract/BuildSlotService.ts"
import { BuildSettings } from "../../services/builds/BuildSettings.ts"
import { emptyQueue, positionOf, SlotQueue } from "../../services/builds/SlotQueue.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { cancelBuild } from "./cancelBuild.ts"
import { nextSweep, reclaimed, release, renew, sweep } from "./slotLease.ts"
import type { Holder, Transition, TransitionContext } from "./slotQueue.ts"
import { request, withStoredBranchKeys } from "./slotRequest.ts"

const queueCell = stateCell("queue", SlotQueue)

const currentQueue = Effect.map(queueCell.get, (stored) =>
  withStoredBranchKeys(Option.getOrElse(stored, () => emptyQueue))
)

const ClockAndLimit = Schema.Struct({ now: Schema.Number, limit: Schema.Number })

/** Journaled together: a retry on a worker with another limit must decide the same. */
const readClockAndLimit = Effect.gen(function* () {
  const { maxPerWorkspace: limit } = yield* BuildSettings
  return yield* step(
    "look",
    Effect.map(Clock.currentTimeMillis, (now) => ({ now, limit })),
    { output: ClockAndLimit }
  )
})

const store = (queue: SlotQueue, sweepAt: number | null) =>
  queue.tickets.length === 0 ? queueCell.clear : queueCell.set({ ...queue, sweepAt })

/** A waiter that misses its notification asks again within a minute. */
const notifyWaiter = (awakeableId: string, update: SlotUpdate) =>
  Effect.catchTag(resolveAwakeable(awakeableId, SlotUpdate, update), "EncodingFailed", ({ message }) =>
    Effect.logError("A waiter for a build slot cannot be notified", { problem: message })
  )

/**
 * Every message is one transition of the queue. It is atomic: Restate commits what follows the last await together, and
 * a cancellation takes effect after it.
 */
const transition = <A>(decide: (queue: SlotQueue, context: TransitionContext) => Transition<A>) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const context = yield* readClockAndLimit
      const { answer, queue, notifications } = decide(yield* currentQueue, context)
      const sweepAt = nextSweep(queue, context.now)
      yield* store(queue, sweepAt ?? queue.sweepAt)
      for (const { awakeableId, update } of notifications) yield* notifyWaiter(awakeableId, update)
      if (sweepAt !== undefined) yield* sendSweep(sweepAt - context.now)
      return answer
    })
  )

const sendSweep = (delay: number) =>
  Effect.flatMap(key, (workspaceId) => send(BuildSlotService, workspaceId, "Sweep", {}, { delay }))

const sweepExpired = Effect.gen(function* () {
  const workspaceId = yield* key
  for (const { buildId, deploymentId } of yield* transition(sweep)) {
    yield* Effect.annotateLogs(Effect.logWarning("A deployment lost its build slot: the lease was not renewed"), {
      deployment_id: deploymentId,
      build_id: buildId
    })
    yield* send(BuildSlotService, workspaceId, "Reclaim", { deploymentId, buildId })
  }
  return {}
})

const reclaim = (holder: Holder) =>
  Effect.gen(function* () {
    yield* cancelBuild(holder.buildId)
    return yield* call(BuildSlotService, yield* key, "Reclaimed", holder)
  })

/** Key: workspace. Every exclusive handler reads the clock once and decides once; only `Reclaim` calls the builder. */
export const BuildSlotWorkflows = implement(
  BuildSlotService,
  {
    Request: (asked) => transition((queue, context) => request(queue, asked, context)),
    Renew: (holder) => transition((queue, context) => renew(queue, holder, context)),
    Release: (holder) =>
      Effect.as(
        transition((queue, context) => release(queue, holder, context)),
        {}
      ),
    Sweep: () => sweepExpired,
    Reclaim: reclaim,
    Reclaimed: (holder) =>
      Effect.as(
        transition((queue, context) => reclaimed(queue, holder, context)),
        {}
      ),
    Position: ({ deploymentId }) => Effect.map(currentQueue, (queue) => positionOf(queue, deploymentId))
  },
  { retry: pauseAfterRetries, attributes: requestAttributes("workspace_id") }
)
