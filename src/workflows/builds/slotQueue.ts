import { Schema } from "effect"
import type { SlotUpdate } from "../../contract/BuildSlotService.ts"
import { fingerprint } from "../identifiers.ts"

/**
 * Who has a slot shows every minute that it is still there. After five minutes without a sign its slot is taken back: long
 * enough for a worker to be replaced, short enough for nobody to wait for a dead one.
 */
export const leaseDuration = 5 * 60_000
export const heartbeatInterval = 60_000

/** A reaper that comes later than this was held up itself, and so was everybody who could have renewed. */
const reaperGrace = 60_000
/**
 * The largest queue, as JSON: a build that would make it larger is refused. Restate's bridge takes 256 KiB; what happens to
 * tickets later (a slot, a lost lease, the time of a sweep) adds a few bytes to each, for which the rest is kept.
 */
export const maxQueueBytes = 200 * 1024
/** Beyond this only production builds are queued: a member who pushes many branches does not keep production waiting. */
export const maxQueueBytesOfPreviews = 150 * 1024
/** Deliveries of one deployment that are told when its turn has come. */
const maxAwakeables = 4

/** `reclaimed`: its lease has ended and its build is being stopped; it counts until that is done. */
export const Ticket = Schema.Struct({
  deploymentId: Schema.String,
  buildId: Schema.String,
  isProduction: Schema.Boolean,
  createdAt: Schema.Number,
  line: Schema.String,
  bells: Schema.Array(Schema.String),
  state: Schema.Literal("waiting", "building", "reclaimed"),
  leaseEnds: Schema.Number
})
export type Ticket = typeof Ticket.Type

/** Everything that is known of one workspace's builds. `sweepAt`: when the reaper comes next. */
export const SlotQueue = Schema.Struct({ tickets: Schema.Array(Ticket), sweepAt: Schema.NullOr(Schema.Number) })
export type SlotQueue = typeof SlotQueue.Type

export const emptyQueue: SlotQueue = { tickets: [], sweepAt: null }

/** Lines are stored as 82 bits of their hash, so that the length of a branch's name does not count. Safe to repeat: a hash has no space. */
const storedBranchKey = (line: string): string => (line.includes(" ") ? fingerprint(["line", line], 16) : line)

/** The queue as it is stored now; earlier versions kept the text of each line. */
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
  /** Slots of the workspace. When it has shrunk, nobody loses a slot, but none is given until fewer are used. */
  readonly limit: number
}

export interface Notification {
  readonly awakeableId: string
  readonly update: SlotUpdate
}

/** What a message makes of the queue: the queue after it, the answer to the sender, and who else is told. */
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
  /** An environment's id, a space and a branch; or empty. */
  readonly line: string
  readonly bell: string
}

type Age = Pick<Ticket, "createdAt" | "deploymentId">

const isOlder = (one: Age, other: Age): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.deploymentId < other.deploymentId)

/** Production before previews, then the oldest deployment. */
const byPriority = (one: Ticket, other: Ticket): number => {
  if (one.isProduction !== other.isProduction) return one.isProduction ? -1 : 1
  return isOlder(one, other) ? -1 : 1
}

const isWaiting = ({ state }: Ticket): boolean => state === "waiting"
const slotUpdate = (outcome: SlotUpdate["outcome"], rest: Partial<SlotUpdate> = {}): SlotUpdate => ({
  outcome,
  leaseEnds: 0,
  by: "",
  position: 0,
  ...rest
})
const notify = (tickets: ReadonlyArray<Ticket>, update: SlotUpdate): ReadonlyArray<Notification> =>
  tickets.flatMap(({ bells }) => bells.map((awakeableId) => ({ awakeableId, update })))

const waitingInOrder = (tickets: ReadonlyArray<Ticket>): ReadonlyArray<Ticket> =>
  tickets.filter(isWaiting).sort(byPriority)

/** Gives every free slot to the waiter whose turn it is. */
const grant = (tickets: ReadonlyArray<Ticket>, { now, limit }: TransitionContext) => {
  const free = Math.max(0, limit - tickets.filter((ticket) => !isWaiting(ticket)).length)
  const winners = waitingInOrder(tickets).slice(0, free)
  const leaseEnds = now + leaseDuration
  const after = tickets.map((ticket) =>
    winners.includes(ticket) ? { ...ticket, state: "building" as const, bells: [], leaseEnds } : ticket
  )
  return { tickets: after, notifications: notify(winners, slotUpdate("granted", { leaseEnds })) }
}

/** Of a deployment there may be one ticket beside those whose builds are being stopped. */
const isTicketOf =
  ({ deploymentId }: Pick<Holder, "deploymentId">) =>
  (ticket: Ticket): boolean =>
    ticket.deploymentId === deploymentId && ticket.state !== "reclaimed"

/** The newest deployment that makes this one superfluous, be it that it waits or that it builds. */
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

/** A place in the queue for `request`, and the end of the wait for older deployments of its line. */
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

/** What is asked when there is no room for it: a new ticket is refused, a known one waits on without the new bell and asks again. */
const queueFull = (queue: SlotQueue, known: Ticket | undefined, context: TransitionContext): Transition<SlotUpdate> => {
  if (known === undefined) return { queue, answer: slotUpdate("refused"), notifications: [] }
  const leaseEnds = context.now + leaseDuration
  const tickets = queue.tickets.map((ticket) => (ticket === known ? { ...known, leaseEnds } : ticket))
  return { queue: { ...queue, tickets }, answer: waitingUpdate(queue.tickets, known), notifications: [] }
}

/**
 * Asks for a slot, again and again until it is granted. A deployment that builds is never superseded; one that waits is,
 * by a newer one of its line, whichever of the two asks first. Refused when the queue has no room for one more.
 */
export const request = (queue: SlotQueue, given: SlotRequest, context: TransitionContext): Transition<SlotUpdate> => {
  const asked = { ...given, line: storedBranchKey(given.line) }
  const known = queue.tickets.find(isTicketOf(asked))
  const without = queue.tickets.filter((ticket) => ticket !== known)
  // Whoever asks learns the answer as the answer.
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

/** The build of a lost slot does not run any more. */
export const reclaimed = (queue: SlotQueue, holder: Holder, context: TransitionContext): Transition<void> =>
  removeTickets(queue, context, (ticket) => ticket.state === "reclaimed" && ticket.buildId === holder.buildId)

/** A sign of life from who builds. Not held: the slot was lost meanwhile. */
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
 * Takes back what nobody has renewed: a waiter is forgotten, a slot is to be reclaimed, and one whose reclaim has come to
 * nothing is free. Answers with the slots to reclaim. A reaper that is late lets every lease begin anew instead.
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

/** When the reaper has to come for this queue, unless it is on its way already. A missing reaper is replaced. */
export const nextSweep = ({ tickets, sweepAt }: SlotQueue, now: number): number | undefined => {
  if (tickets.length === 0) return undefined
  const due = Math.max(now, Math.min(...tickets.map(({ leaseEnds }) => leaseEnds)))
  const isOnItsWay = sweepAt !== null && sweepAt <= due && now <= sweepAt + reaperGrace
  return isOnItsWay ? undefined : due
}

/** Where a deployment stands; position 1 is the next one to be served. */
export const positionOf = ({ tickets }: SlotQueue, deploymentId: string) => {
  const waiters = waitingInOrder(tickets)
  const state = tickets.find(isTicketOf({ deploymentId }))?.state
  return {
    ...(state === undefined ? {} : { state }),
    position: 1 + waiters.findIndex((ticket) => ticket.deploymentId === deploymentId),
    waiting: waiters.length,
    building: tickets.filter((ticket) => !isWaiting(ticket)).map((ticket) => ticket.deploymentId)
  }
}
