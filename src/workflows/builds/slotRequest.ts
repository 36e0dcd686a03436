import type { SlotUpdate } from "../../contract/BuildSlotService.ts"
import {
  isOlder,
  isTicketOf,
  isWaiting,
  type SlotQueue,
  type Ticket,
  waitingInOrder
} from "../../services/builds/SlotQueue.ts"
import { fingerprint } from "../identifiers.ts"
import {
  grant,
  type Holder,
  leaseDuration,
  type Notification,
  notify,
  slotUpdate,
  type Transition,
  type TransitionContext
} from "./slotQueue.ts"

/**
 * Largest size of the queue as JSON; a request that would exceed it is refused. A state value may have 256 KiB; the
 * rest is headroom for the few bytes that later transitions (grant, reclaim, sweep time) add to each ticket.
 */
export const maxQueueBytes = 200 * 1024
/** Above this size only production builds are queued, so that a burst of preview branches does not block production. */
export const maxQueueBytesOfPreviews = 150 * 1024
/** Awakeables kept for each deployment, one for each delivery of the same deploy that waits. */
const maxAwakeables = 4

/**
 * Branch keys are stored as 82 bits of their hash, so that long branch names do not fill the queue. Idempotent: a hash
 * has no space.
 */
const storedBranchKey = (line: string): string => (line.includes(" ") ? fingerprint(["line", line], 16) : line)

/** The queue in the current format; earlier versions stored branch keys in full. */
export const withStoredBranchKeys = (queue: SlotQueue): SlotQueue => ({
  ...queue,
  tickets: queue.tickets.map((ticket) => ({ ...ticket, line: storedBranchKey(ticket.line) }))
})

const encoder = new TextEncoder()

/** `SlotQueue` encodes to itself. */
const encodedBytes = (queue: SlotQueue): number => encoder.encode(JSON.stringify(queue)).length

export interface SlotRequest extends Holder {
  readonly isProduction: boolean
  readonly createdAt: number
  /** Branch key: an environment's id, a space and a branch; or empty. */
  readonly line: string
  /** Id of an awakeable of `SlotUpdate`. */
  readonly bell: string
}

/** The newest waiting or building deployment that supersedes this one. */
const successorOf = (tickets: ReadonlyArray<Ticket>, request: SlotRequest): Ticket | undefined =>
  request.line === ""
    ? undefined
    : tickets
        .filter((ticket) => ticket.state !== "reclaimed" && ticket.line === request.line && isOlder(request, ticket))
        .reduce<Ticket | undefined>(
          (newest, ticket) => (newest && isOlder(ticket, newest) ? newest : ticket),
          undefined
        )

const ticketFor = (request: SlotRequest, known: Ticket | undefined, now: number): Ticket => {
  const { bell, ...asked } = request
  const bells = [...(known?.bells ?? []).filter((other) => other !== bell), bell].slice(-maxAwakeables)
  return { ...asked, bells, state: "waiting", leaseEnds: now + leaseDuration }
}

const waitingUpdate = (tickets: ReadonlyArray<Ticket>, { deploymentId }: Pick<Ticket, "deploymentId">): SlotUpdate =>
  slotUpdate("waiting", {
    position: 1 + waitingInOrder(tickets).findIndex((ticket) => ticket.deploymentId === deploymentId)
  })

/** Adds `request` to the queue and supersedes older waiting deployments of the same branch key. */
const enqueue = (queue: SlotQueue, request: SlotRequest, context: TransitionContext): Transition<SlotUpdate> => {
  const { deploymentId, line } = request
  const known = queue.tickets.find(isTicketOf(request))
  const others = queue.tickets.filter((ticket) => ticket !== known)
  const isOutdated = (ticket: Ticket) => line !== "" && isWaiting(ticket) && ticket.line === line
  const outdated = others.filter(isOutdated)
  const kept = others.filter((ticket) => !isOutdated(ticket))
  const granted = grant([...kept, ticketFor(request, known, context.now)], context)
  const own = granted.tickets.find(isTicketOf(request))
  const answer =
    own?.state === "building"
      ? slotUpdate("granted", { leaseEnds: own.leaseEnds })
      : waitingUpdate(granted.tickets, request)
  return {
    queue: { ...queue, tickets: granted.tickets },
    answer,
    notifications: [...notify(outdated, slotUpdate("superseded", { by: deploymentId })), ...granted.notifications]
  }
}

/**
 * The answer when the queue has no room: a new request is refused; a known one keeps waiting without the new awakeable
 * and asks again.
 */
const queueFull = (queue: SlotQueue, known: Ticket | undefined, context: TransitionContext): Transition<SlotUpdate> => {
  if (known === undefined) return { queue, answer: slotUpdate("refused"), notifications: [] }
  const leaseEnds = context.now + leaseDuration
  const tickets = queue.tickets.map((ticket) => (ticket === known ? { ...known, leaseEnds } : ticket))
  return { queue: { ...queue, tickets }, answer: waitingUpdate(queue.tickets, known), notifications: [] }
}

/**
 * Requests a slot; repeated until it is granted. A waiting deployment is superseded by a newer one of its branch key,
 * in whichever order the two ask; a building one never is. Refused when the queue has no room.
 */
export const request = (queue: SlotQueue, given: SlotRequest, context: TransitionContext): Transition<SlotUpdate> => {
  const asked = { ...given, line: storedBranchKey(given.line) }
  const known = queue.tickets.find(isTicketOf(asked))
  const without = queue.tickets.filter((ticket) => ticket !== known)
  // The sender learns the result from the answer and is not notified as well.
  const others = (notifications: ReadonlyArray<Notification>) =>
    notifications.filter(({ awakeableId }) => awakeableId !== asked.bell)
  if (known?.state === "building") {
    const leaseEnds = context.now + leaseDuration
    const renewed = { ...known, buildId: asked.buildId, leaseEnds }
    return {
      queue: { ...queue, tickets: [...without, renewed] },
      answer: slotUpdate("granted", { leaseEnds }),
      notifications: []
    }
  }
  const successor = successorOf(without, asked)
  if (successor !== undefined) {
    const answer = slotUpdate("superseded", { by: successor.deploymentId })
    const notifications = known === undefined ? [] : others(notify([known], answer))
    return { queue: { ...queue, tickets: without }, answer, notifications }
  }
  const transition = enqueue(queue, asked, context)
  const [before, after] = [encodedBytes(queue), encodedBytes(transition.queue)]
  const room = asked.isProduction ? maxQueueBytes : maxQueueBytesOfPreviews
  if (after > before && after > room) return queueFull(queue, known, context)
  return { ...transition, notifications: others(transition.notifications) }
}
