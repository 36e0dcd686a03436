import { Context, type Effect, Schema } from "effect"
import { isTicketOf, isWaiting, positionOf, type SlotQueue } from "../../services/builds/SlotQueue.ts"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"

/** A build that holds a slot of its workspace. */
export const SlotHolder = Schema.Struct({
  deploymentId: Schema.String,
  buildId: Schema.String,
  /** The slot is lost at this time unless the lease is renewed. */
  leaseEnds: Instant
})
export type SlotHolder = typeof SlotHolder.Type

/** The place of a deployment in the queue of its workspace's build slots. */
export const SlotPlace = Schema.Struct({
  state: Schema.Literal("waiting", "building"),
  /** 1 is granted next. Null once it has a slot. */
  position: Schema.NullOr(Schema.Number),
  /** Deployments of the workspace that wait, this one included. */
  waiting: Schema.Number,
  leaseEnds: Instant,
  /** Builds that have a slot, this one included. The first 20. */
  holders: Schema.Array(SlotHolder)
})
export type SlotPlace = typeof SlotPlace.Type

const shownHolders = 20

/** Null if the deployment neither waits nor builds. */
export const placeIn = (queue: SlotQueue, deploymentId: string): SlotPlace | null => {
  const own = queue.tickets.find(isTicketOf({ deploymentId }))
  if (own === undefined) return null
  const { position, waiting } = positionOf(queue, deploymentId)
  return {
    state: isWaiting(own) ? "waiting" : "building",
    position: isWaiting(own) ? position : null,
    waiting,
    leaseEnds: own.leaseEnds,
    holders: queue.tickets
      .filter((ticket) => !isWaiting(ticket))
      .slice(0, shownHolders)
      .map(({ buildId, deploymentId: holder, leaseEnds }) => ({ deploymentId: holder, buildId, leaseEnds }))
  }
}

/** The queues of build slots, which Restate keeps as state. Read only. */
export class BuildSlots extends Context.Tag("ctrl-worker/BuildSlots")<
  BuildSlots,
  {
    /** The queue of a workspace; empty if Restate keeps none. */
    readonly queueOf: (workspaceId: string) => Effect.Effect<SlotQueue, SourceUnavailable>
  }
>() {}
