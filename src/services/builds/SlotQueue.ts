import { Schema } from "effect"

/**
 * `line` is the branch key and `bells` are awakeable ids, both under the names that stored queues use. `reclaimed`: the
 * lease expired and the build is being stopped; the ticket counts against the limit until then.
 */
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

/** The builds of one workspace. `sweepAt`: Unix milliseconds of the next scheduled sweep. */
export const SlotQueue = Schema.Struct({ tickets: Schema.Array(Ticket), sweepAt: Schema.NullOr(Schema.Number) })
export type SlotQueue = typeof SlotQueue.Type

export const emptyQueue: SlotQueue = { tickets: [], sweepAt: null }

type Age = Pick<Ticket, "createdAt" | "deploymentId">

export const isOlder = (one: Age, other: Age): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.deploymentId < other.deploymentId)

/** Production before previews, then the oldest deployment. */
const byPriority = (one: Ticket, other: Ticket): number => {
  if (one.isProduction !== other.isProduction) return one.isProduction ? -1 : 1
  return isOlder(one, other) ? -1 : 1
}

export const isWaiting = ({ state }: Ticket): boolean => state === "waiting"

/** In the order in which slots are granted. */
export const waitingInOrder = (tickets: ReadonlyArray<Ticket>): ReadonlyArray<Ticket> =>
  tickets.filter(isWaiting).sort(byPriority)

/** A deployment has at most one ticket, apart from reclaimed ones. */
export const isTicketOf =
  ({ deploymentId }: Pick<Ticket, "deploymentId">) =>
  (ticket: Ticket): boolean =>
    ticket.deploymentId === deploymentId && ticket.state !== "reclaimed"

/** A deployment's place in the queue; position 1 is granted next. */
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
