import type { SlotUpdate } from "../../contract/BuildSlotService.ts"
import { isWaiting, type SlotQueue, type Ticket, waitingInOrder } from "../../services/builds/SlotQueue.ts"
import { minute } from "../../text/millis.ts"

/**
 * A slot is a lease of five minutes, renewed every minute. Five minutes are long enough to replace a worker and short
 * enough that a dead holder does not block the queue.
 */
export const leaseDuration = 5 * minute
export const heartbeatInterval = minute

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

export const slotUpdate = (outcome: SlotUpdate["outcome"], rest: Partial<SlotUpdate> = {}): SlotUpdate => ({
  outcome,
  leaseEnds: 0,
  by: "",
  position: 0,
  ...rest
})

export const notify = (tickets: ReadonlyArray<Ticket>, update: SlotUpdate): ReadonlyArray<Notification> =>
  tickets.flatMap(({ bells }) => bells.map((awakeableId) => ({ awakeableId, update })))

/** Grants every free slot to the next waiter in order. */
export const grant = (tickets: ReadonlyArray<Ticket>, { now, limit }: TransitionContext) => {
  const free = Math.max(0, limit - tickets.filter((ticket) => !isWaiting(ticket)).length)
  const winners = waitingInOrder(tickets).slice(0, free)
  const leaseEnds = now + leaseDuration
  const after = tickets.map((ticket) =>
    winners.includes(ticket) ? { ...ticket, state: "building" as const, bells: [], leaseEnds } : ticket
  )
  return { tickets: after, notifications: notify(winners, slotUpdate("granted", { leaseEnds })) }
}
