import { Schema } from "effect"
import type { SlotNews } from "../../contract/BuildSlotService.ts"
import { fingerprint } from "../identifiers.ts"

/**
 * Who has a slot shows every minute that it is still there. After five minutes without a sign its slot is taken back: long
 * enough for a worker to be replaced, short enough for nobody to wait for a dead one.
 */
export const lease = 5 * 60_000
export const signOfLifeEvery = 60_000

/** A reaper that comes later than this was held up itself, and so was everybody who could have renewed. */
const lateness = 60_000
/**
 * The largest queue, as JSON: a build that would make it larger is refused. Restate's bridge takes 256 KiB; what happens to
 * tickets later (a slot, a lost lease, the time of a sweep) adds a few bytes to each, for which the rest is kept.
 */
export const maxQueueBytes = 200 * 1024
/** Beyond this only production builds are queued: a member who pushes many branches does not keep production waiting. */
export const maxQueueBytesOfPreviews = 150 * 1024
/** Deliveries of one deployment that are told when its turn has come. */
const maxBells = 4

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
const storedLine = (line: string): string => (line.includes(" ") ? fingerprint(["line", line], 16) : line)

/** The queue as it is stored now; earlier versions kept the text of each line. */
export const withStoredLines = (queue: SlotQueue): SlotQueue => ({
  ...queue,
  tickets: queue.tickets.map((ticket) => ({ ...ticket, line: storedLine(ticket.line) }))
})

const encoder = new TextEncoder()

/** `SlotQueue` encodes to itself. */
const bytesOf = (queue: SlotQueue): number => encoder.encode(JSON.stringify(queue)).length

export interface Moment {
  /** Unix milliseconds. */
  readonly now: number
  /** Slots of the workspace. When it has shrunk, nobody loses a slot, but none is given until fewer are used. */
  readonly limit: number
}

export interface Ring {
  readonly bell: string
  readonly news: SlotNews
}

/** What a message makes of the queue: the queue after it, the answer to the sender, and who else is told. */
export interface Turn<A> {
  readonly queue: SlotQueue
  readonly answer: A
  readonly rings: ReadonlyArray<Ring>
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
const inOrder = (one: Ticket, other: Ticket): number => {
  if (one.isProduction !== other.isProduction) return one.isProduction ? -1 : 1
  return isOlder(one, other) ? -1 : 1
}

const isWaiting = ({ state }: Ticket): boolean => state === "waiting"
const news = (outcome: SlotNews["outcome"], rest: Partial<SlotNews> = {}): SlotNews => ({
  outcome,
  leaseEnds: 0,
  by: "",
  position: 0,
  ...rest
})
const tell = (tickets: ReadonlyArray<Ticket>, message: SlotNews): ReadonlyArray<Ring> =>
  tickets.flatMap(({ bells }) => bells.map((bell) => ({ bell, news: message })))

const waitersOf = (tickets: ReadonlyArray<Ticket>): ReadonlyArray<Ticket> => tickets.filter(isWaiting).sort(inOrder)

/** Gives every free slot to the waiter whose turn it is. */
const grant = (tickets: ReadonlyArray<Ticket>, { now, limit }: Moment) => {
  const free = Math.max(0, limit - tickets.filter((ticket) => !isWaiting(ticket)).length)
  const winners = waitersOf(tickets).slice(0, free)
  const leaseEnds = now + lease
  const after = tickets.map((ticket) =>
    winners.includes(ticket) ? { ...ticket, state: "building" as const, bells: [], leaseEnds } : ticket
  )
  return { tickets: after, rings: tell(winners, news("granted", { leaseEnds })) }
}

/** Of a deployment there may be one ticket beside those whose builds are being stopped. */
const isOf =
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
  const bells = [...(known?.bells ?? []).filter((other) => other !== bell), bell].slice(-maxBells)
  return { ...asked, bells, state: "waiting", leaseEnds: now + lease }
}

const waitingAt = (tickets: ReadonlyArray<Ticket>, { deploymentId }: Pick<Ticket, "deploymentId">): SlotNews =>
  news("waiting", { position: 1 + waitersOf(tickets).findIndex((ticket) => ticket.deploymentId === deploymentId) })

/** A place in the queue for `request`, and the end of the wait for older deployments of its line. */
const enqueue = (queue: SlotQueue, request: SlotRequest, moment: Moment): Turn<SlotNews> => {
  const { deploymentId, line } = request
  const known = queue.tickets.find(isOf(request))
  const others = queue.tickets.filter((ticket) => ticket !== known)
  const isOutdated = (ticket: Ticket) => line !== "" && isWaiting(ticket) && ticket.line === line
  const outdated = others.filter(isOutdated)
  const kept = others.filter((ticket) => !isOutdated(ticket))
  const granted = grant([...kept, ticketFor(request, known, moment.now)], moment)
  const own = granted.tickets.find(isOf(request))
  const answer =
    own?.state === "building" ? news("granted", { leaseEnds: own.leaseEnds }) : waitingAt(granted.tickets, request)
  return {
    queue: { ...queue, tickets: granted.tickets },
    answer,
    rings: [...tell(outdated, news("superseded", { by: deploymentId })), ...granted.rings]
  }
}

/** What is asked when there is no room for it: a new ticket is refused, a known one waits on without the new bell and asks again. */
const noRoom = (queue: SlotQueue, known: Ticket | undefined, moment: Moment): Turn<SlotNews> => {
  if (known === undefined) return { queue, answer: news("refused"), rings: [] }
  const leaseEnds = moment.now + lease
  const tickets = queue.tickets.map((ticket) => (ticket === known ? { ...known, leaseEnds } : ticket))
  return { queue: { ...queue, tickets }, answer: waitingAt(queue.tickets, known), rings: [] }
}

/**
 * Asks for a slot, again and again until it is granted. A deployment that builds is never superseded; one that waits is,
 * by a newer one of its line, whichever of the two asks first. Refused when the queue has no room for one more.
 */
export const request = (queue: SlotQueue, given: SlotRequest, moment: Moment): Turn<SlotNews> => {
  const asked = { ...given, line: storedLine(given.line) }
  const known = queue.tickets.find(isOf(asked))
  const without = queue.tickets.filter((ticket) => ticket !== known)
  // Whoever asks learns the answer as the answer.
  const others = (rings: ReadonlyArray<Ring>) => rings.filter(({ bell }) => bell !== asked.bell)
  if (known?.state === "building") {
    const leaseEnds = moment.now + lease
    const renewed = { ...known, buildId: asked.buildId, leaseEnds }
    return { queue: { ...queue, tickets: [...without, renewed] }, answer: news("granted", { leaseEnds }), rings: [] }
  }
  const successor = successorOf(without, asked)
  if (successor !== undefined) {
    const answer = news("superseded", { by: successor.deploymentId })
    const rings = known === undefined ? [] : others(tell([known], answer))
    return { queue: { ...queue, tickets: without }, answer, rings }
  }
  const turn = enqueue(queue, asked, moment)
  const [before, after] = [bytesOf(queue), bytesOf(turn.queue)]
  const room = asked.isProduction ? maxQueueBytes : maxQueueBytesOfPreviews
  if (after > before && after > room) return noRoom(queue, known, moment)
  return { ...turn, rings: others(turn.rings) }
}

const withoutThose = (queue: SlotQueue, moment: Moment, isGone: (ticket: Ticket) => boolean): Turn<void> => {
  const { tickets, rings } = grant(
    queue.tickets.filter((ticket) => !isGone(ticket)),
    moment
  )
  return { queue: { ...queue, tickets }, answer: undefined, rings }
}

const isHeldBy =
  (holder: Holder) =>
  (ticket: Ticket): boolean =>
    isOf(holder)(ticket) && ticket.buildId === holder.buildId

/** Returns a slot or withdraws a request. */
export const release = (queue: SlotQueue, holder: Holder, moment: Moment): Turn<void> =>
  withoutThose(queue, moment, isHeldBy(holder))

/** The build of a lost slot does not run any more. */
export const reclaimed = (queue: SlotQueue, holder: Holder, moment: Moment): Turn<void> =>
  withoutThose(queue, moment, (ticket) => ticket.state === "reclaimed" && ticket.buildId === holder.buildId)

/** A sign of life from who builds. Not held: the slot was lost meanwhile. */
export const renew = (
  queue: SlotQueue,
  holder: Holder,
  { now }: Moment
): Turn<{ readonly held: boolean; readonly leaseEnds: number }> => {
  const isHeld = (ticket: Ticket) => ticket.state === "building" && isHeldBy(holder)(ticket)
  const held = queue.tickets.some(isHeld)
  const leaseEnds = now + lease
  const tickets = queue.tickets.map((ticket) => (isHeld(ticket) ? { ...ticket, leaseEnds } : ticket))
  return { queue: { ...queue, tickets }, answer: { held, leaseEnds: held ? leaseEnds : 0 }, rings: [] }
}

/**
 * Takes back what nobody has renewed: a waiter is forgotten, a slot is to be reclaimed, and one whose reclaim has come to
 * nothing is free. Answers with the slots to reclaim. A reaper that is late lets every lease begin anew instead.
 */
export const sweep = (queue: SlotQueue, moment: Moment): Turn<ReadonlyArray<Ticket>> => {
  const { now } = moment
  const { sweepAt } = queue
  const isDue = sweepAt !== null && sweepAt <= now
  const swept = isDue ? { ...queue, sweepAt: null } : queue
  const leaseEnds = now + lease
  if (sweepAt !== null && now > sweepAt + lateness)
    return {
      queue: { ...swept, tickets: queue.tickets.map((ticket) => ({ ...ticket, leaseEnds })) },
      answer: [],
      rings: []
    }
  const hasEnded = (ticket: Ticket) => ticket.leaseEnds <= now
  const lost = queue.tickets.filter((ticket) => ticket.state === "building" && hasEnded(ticket))
  const tickets = queue.tickets
    .filter((ticket) => lost.includes(ticket) || !hasEnded(ticket))
    .map((ticket) => (lost.includes(ticket) ? { ...ticket, state: "reclaimed" as const, leaseEnds } : ticket))
  const granted = grant(tickets, moment)
  return { queue: { ...swept, tickets: granted.tickets }, answer: lost, rings: granted.rings }
}

/** When the reaper has to come for this queue, unless it is on its way already. A missing reaper is replaced. */
export const nextSweep = ({ tickets, sweepAt }: SlotQueue, now: number): number | undefined => {
  if (tickets.length === 0) return undefined
  const due = Math.max(now, Math.min(...tickets.map(({ leaseEnds }) => leaseEnds)))
  const isOnItsWay = sweepAt !== null && sweepAt <= due && now <= sweepAt + lateness
  return isOnItsWay ? undefined : due
}

/** Where a deployment stands; position 1 is the next one to be served. */
export const positionOf = ({ tickets }: SlotQueue, deploymentId: string) => {
  const waiters = waitersOf(tickets)
  const state = tickets.find(isOf({ deploymentId }))?.state
  return {
    ...(state === undefined ? {} : { state }),
    position: 1 + waiters.findIndex((ticket) => ticket.deploymentId === deploymentId),
    waiting: waiters.length,
    building: tickets.filter((ticket) => !isWaiting(ticket)).map((ticket) => ticket.deploymentId)
  }
}
