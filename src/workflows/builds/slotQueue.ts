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

/**
 * A slot is a lease of five minutes, renewed every minute. Five minutes are long enough to replace a worker and short
 * enough that a dead holder does not block the queue.
 */
export const leaseDuration = 5 * 60_000
export const heartbeatInterval = 60_000

/** If the reaper is this late, lease holders may have been blocked too: it extends their leases. */
const reaperGrace = 60_000
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

export interface TransitionContext {
  /** Unix milliseconds. */
  readonly now: number
  /**
   * Slots of the workspace. After the limit was lowered, holders keep their slots and none is granted until usage is
   * below it.
   */
  readonly limit: number
}

export interface Notification {
  readonly awakeableId: string
  readonly update: SlotUpdate
}

/** The result of one message: the queue after it, the answer to the sender, and notifications to other waiters. */
export interface Transition<A> {
  readonly queue: SlotQueue
  readonly answer: A
  readonly notifications: ReadonlyArray<Notification>
}

export interface Holder {
  readonly deploymentId: string
  readonly buildId: string
}

export interface SlotRequest extends Holder {
  readonly isProduction: boolean
  readonly createdAt: number
  /** Branch key: an environment's id, a space and a branch; or empty. */
  readonly line: string
  /** Id of an awakeable of `SlotUpdate`. */
  readonly bell: string
}

const slotUpdate = (outcome: SlotUpdate["outcome"], rest: Partial<SlotUpdate> = {}): SlotUpdate => ({
  outcome,
  leaseEnds: 0,
  by: "",
  position: 0,
  ...rest
})
const notify = (tickets: ReadonlyArray<Ticket>, update: SlotUpdate): ReadonlyArray<Notification> =>
  tickets.flatMap(({ bells }) => bells.map((awakeableId) => ({ awakeableId, update })))

/** Grants every free slot to the next waiter in order. */
const grant = (tickets: ReadonlyArray<Ticket>, { now, limit }: TransitionContext) => {
  const free = Math.max(0, limit - tickets.filter((ticket) => !isWaiting(ticket)).length)
  const winners = waitingInOrder(tickets).slice(0, free)
  const leaseEnds = now + leaseDuration
  const after = tickets.map((ticket) =>
    winners.includes(ticket) ? { ...ticket, state: "building" as const, bells: [], leaseEnds } : ticket
  )
  return { tickets: after, notifications: notify(winners, slotUpdate("granted", { leaseEnds })) }
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

const removeTickets = (
  queue: SlotQueue,
  context: TransitionContext,
  isGone: (ticket: Ticket) => boolean
): Transition<void> => {
  const { tickets, notifications } = grant(
    queue.tickets.filter((ticket) => !isGone(ticket)),
    context
  )
  return { queue: { ...queue, tickets }, answer: undefined, notifications }
}

const isHeldBy =
  (holder: Holder) =>
  (ticket: Ticket): boolean =>
    isTicketOf(holder)(ticket) && ticket.buildId === holder.buildId

/** Returns a slot or withdraws a request. */
export const release = (queue: SlotQueue, holder: Holder, context: TransitionContext): Transition<void> =>
  removeTickets(queue, context, isHeldBy(holder))

/** Frees a reclaimed slot once its build has stopped. */
export const reclaimed = (queue: SlotQueue, holder: Holder, context: TransitionContext): Transition<void> =>
  removeTickets(queue, context, (ticket) => ticket.state === "reclaimed" && ticket.buildId === holder.buildId)

/** Renews the lease of a building deployment. `held` is false when the slot was lost. */
export const renew = (
  queue: SlotQueue,
  holder: Holder,
  { now }: TransitionContext
): Transition<{ readonly held: boolean; readonly leaseEnds: number }> => {
  const isHeld = (ticket: Ticket) => ticket.state === "building" && isHeldBy(holder)(ticket)
  const held = queue.tickets.some(isHeld)
  const leaseEnds = now + leaseDuration
  const tickets = queue.tickets.map((ticket) => (isHeld(ticket) ? { ...ticket, leaseEnds } : ticket))
  return { queue: { ...queue, tickets }, answer: { held, leaseEnds: held ? leaseEnds : 0 }, notifications: [] }
}

/**
 * Handles expired leases: removes waiters, marks held slots as reclaimed, and frees slots whose reclaim never finished.
 * Answers with the slots to reclaim. A late reaper extends every lease instead (see `reaperGrace`).
 */
export const sweep = (queue: SlotQueue, context: TransitionContext): Transition<ReadonlyArray<Ticket>> => {
  const { now } = context
  const { sweepAt } = queue
  const isDue = sweepAt !== null && sweepAt <= now
  const swept = isDue ? { ...queue, sweepAt: null } : queue
  const leaseEnds = now + leaseDuration
  if (sweepAt !== null && now > sweepAt + reaperGrace)
    return {
      queue: { ...swept, tickets: queue.tickets.map((ticket) => ({ ...ticket, leaseEnds })) },
      answer: [],
      notifications: []
    }
  const hasEnded = (ticket: Ticket) => ticket.leaseEnds <= now
  const lost = queue.tickets.filter((ticket) => ticket.state === "building" && hasEnded(ticket))
  const tickets = queue.tickets
    .filter((ticket) => lost.includes(ticket) || !hasEnded(ticket))
    .map((ticket) => (lost.includes(ticket) ? { ...ticket, state: "reclaimed" as const, leaseEnds } : ticket))
  const granted = grant(tickets, context)
  return { queue: { ...swept, tickets: granted.tickets }, answer: lost, notifications: granted.notifications }
}

/**
 * When the next sweep is due, or undefined when one is scheduled in time. An overdue sweep counts as lost and is
 * scheduled again.
 */
export const nextSweep = ({ tickets, sweepAt }: SlotQueue, now: number): number | undefined => {
  if (tickets.length === 0) return undefined
  const due = Math.max(now, Math.min(...tickets.map(({ leaseEnds }) => leaseEnds)))
  const isOnItsWay = sweepAt !== null && sweepAt <= due && now <= sweepAt + reaperGrace
  return isOnItsWay ? undefined : due
}
