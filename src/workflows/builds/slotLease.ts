import { isTicketOf, type SlotQueue, type Ticket } from "../../services/builds/SlotQueue.ts"
import { minute } from "../../text/millis.ts"
import { grant, type Holder, leaseDuration, type Transition, type TransitionContext } from "./slotQueue.ts"

/** If the reaper is this late, lease holders may have been blocked too: it extends their leases. */
const reaperGrace = minute

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
