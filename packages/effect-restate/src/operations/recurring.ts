import { Clock, Effect, Option, Schema } from "effect"
import type { HandlerName, Input, KeyedContract } from "../contract/Contract.ts"
import { uuid } from "./Durable.ts"
import { cancel, send } from "./Messaging.ts"
import { firstFiring, nextFiring, type Overlap, type Recurrence } from "./Recurrence.ts"
import { stateCell } from "./State.ts"
import { key } from "./withCapability.ts"

/** The input of a handler that a schedule fires. */
export const Firing = Schema.Struct({
  /** Tells the firings of one schedule from those of one that was stopped or started anew. */
  schedule: Schema.String,
  /** Unix milliseconds at which it was to fire. */
  due: Schema.Number
})
export interface Firing extends Schema.Schema.Type<typeof Firing> {}

/** Handlers of a contract that take a firing. */
type FiredBy<C extends KeyedContract> = {
  readonly [H in HandlerName<C>]: Firing extends Input<C, H> ? (Input<C, H> extends Firing ? H : never) : never
}[HandlerName<C>]

const Planned = Schema.Struct({
  schedule: Schema.String,
  /** Of the firing that waits. */
  invocationId: Schema.String,
  /** Unix milliseconds at which the last work ended. */
  ended: Schema.optional(Schema.Number)
})

const plannedCell = (handler: string) => stateCell(`recurring ${handler}`, Planned)
type PlannedCell = ReturnType<typeof plannedCell>

/** Unless the work has stopped its schedule, or started another. */
const noteEnd = (planned: PlannedCell, schedule: string) =>
  Effect.gen(function* () {
    const current = yield* planned.get
    if (Option.isNone(current) || current.value.schedule !== schedule) return
    yield* planned.set({ ...current.value, ended: yield* Clock.currentTimeMillis })
  })

/** The firing that waits is cancelled; one that runs ends, and no other follows. Without a schedule nothing happens. */
const stopPlanned = (planned: PlannedCell) =>
  Effect.gen(function* () {
    const current = yield* planned.get
    if (Option.isNone(current)) return
    yield* planned.clear
    yield* cancel(current.value.invocationId)
  })

/**
 * A schedule of an object's key: its handler is sent to by itself, each firing by the one before, before the work of that one
 * begins. A firing that fails, or is paused, does not end the schedule. It lives in the object's state and in one delayed message,
 * so that it needs nothing beside Restate. All of it belongs into exclusive handlers.
 */
export const recurring = <C extends KeyedContract, H extends FiredBy<C>>(
  contract: C,
  handler: H,
  recurrence: Recurrence,
  { overlap = "skip" }: { readonly overlap?: Overlap } = {}
) => {
  const planned = plannedCell(handler)
  const plan = (schedule: string, due: number, now: number) =>
    Effect.gen(function* () {
      // The handler takes firings: the type of its name says so.
      const firing = { schedule, due } as Input<C, H>
      const sent = yield* send(contract, yield* key, handler, firing, { delay: Math.max(0, due - now) })
      yield* planned.set({ schedule, invocationId: yield* sent.invocationId })
    })
  const stop = stopPlanned(planned)
  return {
    /** Starts the schedule, in place of one that runs already. */
    start: Effect.gen(function* () {
      yield* stop
      const now = yield* Clock.currentTimeMillis
      yield* plan(yield* uuid, firstFiring(recurrence, now), now)
    }),
    stop,
    /**
     * What the handler does with a firing: plans the next one, then works. A firing of a schedule that was stopped or started anew
     * does nothing.
     */
    fired: <A, E, R>({ due, schedule }: Firing, work: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const current = yield* planned.get
        if (Option.isNone(current) || current.value.schedule !== schedule) return Option.none<A>()
        const now = yield* Clock.currentTimeMillis
        yield* plan(schedule, nextFiring(recurrence, overlap, due, now), now)
        if (overlap === "skip" && due < (current.value.ended ?? 0)) return Option.none<A>()
        const outcome = yield* Effect.either(work)
        if (overlap === "skip") yield* noteEnd(planned, schedule)
        return Option.some(yield* outcome)
      })
  }
}
