import { Clock, Effect, Option, Schema } from "effect"
import { call, implement, key, resolveAwakeable, send, stateCell, step } from "effect-restate"
import { BuildSlotService, SlotNews } from "../../contract/BuildSlotService.ts"
import { BuildSettings } from "../../services/BuildSettings.ts"
import { patient } from "../retry.ts"
import { cancelBuild } from "./cancelBuild.ts"
import * as slots from "./slotQueue.ts"

const queueCell = stateCell("queue", slots.SlotQueue)

const currentQueue = Effect.map(queueCell.get, (stored) =>
  slots.withStoredLines(Option.getOrElse(stored, () => slots.emptyQueue))
)

const Moment = Schema.Struct({ now: Schema.Number, limit: Schema.Number })

/** Journaled together: a limit that changes with the next worker must not change what this message has decided. */
const look = Effect.gen(function* () {
  const { maxPerWorkspace: limit } = yield* BuildSettings
  return yield* step(
    "look",
    Effect.map(Clock.currentTimeMillis, (now) => ({ now, limit })),
    { output: Moment }
  )
})

const store = (queue: slots.SlotQueue, sweepAt: number | null) =>
  queue.tickets.length === 0 ? queueCell.clear : queueCell.set({ ...queue, sweepAt })

/** Who is not rung asks again within a minute. */
const ring = (bell: string, news: SlotNews) =>
  Effect.catchTag(resolveAwakeable(bell, SlotNews, news), "EncodingFailed", ({ message }) =>
    Effect.logError(`a waiter for a build slot is not told: ${message}`)
  )

/**
 * Every message is one turn of the queue. Done whole or not at all: what follows the last wait is written together, and a
 * caller's cancellation comes after it.
 */
const turn = <A>(decide: (queue: slots.SlotQueue, moment: slots.Moment) => slots.Turn<A>) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const moment = yield* look
      const { answer, queue, rings } = decide(yield* currentQueue, moment)
      const sweepAt = slots.nextSweep(queue, moment.now)
      yield* store(queue, sweepAt ?? queue.sweepAt)
      for (const { bell, news } of rings) yield* ring(bell, news)
      if (sweepAt !== undefined) yield* sendSweep(sweepAt - moment.now)
      return answer
    })
  )

const sendSweep = (delay: number) =>
  Effect.flatMap(key, (workspaceId) => send(BuildSlotService, workspaceId, "Sweep", {}, { delay }))

const sweep = Effect.gen(function* () {
  const workspaceId = yield* key
  for (const { buildId, deploymentId } of yield* turn(slots.sweep)) {
    yield* Effect.logWarning(`deployment ${deploymentId} has lost its build slot: nobody has renewed it`)
    yield* send(BuildSlotService, workspaceId, "Reclaim", { deploymentId, buildId })
  }
  return {}
})

const reclaim = (holder: slots.Holder) =>
  Effect.gen(function* () {
    yield* cancelBuild(holder.buildId)
    return yield* call(BuildSlotService, yield* key, "Reclaimed", holder)
  })

/** Key: workspace. Every exclusive handler is one look at the clock and one decision; only `Reclaim` talks to the builder. */
export const BuildSlotWorkflows = implement(
  BuildSlotService,
  {
    Request: (asked) => turn((queue, moment) => slots.request(queue, asked, moment)),
    Renew: (holder) => turn((queue, moment) => slots.renew(queue, holder, moment)),
    Release: (holder) =>
      Effect.as(
        turn((queue, moment) => slots.release(queue, holder, moment)),
        {}
      ),
    Sweep: () => sweep,
    Reclaim: reclaim,
    Reclaimed: (holder) =>
      Effect.as(
        turn((queue, moment) => slots.reclaimed(queue, holder, moment)),
        {}
      ),
    Position: ({ deploymentId }) => Effect.map(currentQueue, (queue) => slots.positionOf(queue, deploymentId))
  },
  { retry: patient }
)
