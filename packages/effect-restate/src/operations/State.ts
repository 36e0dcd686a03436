import { Effect, Either, Option, type Schema } from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import type { StateRead, StateWrite } from "../contract/Capability.ts"
import { encodeFor, type Held, heldSerde, type SchemaSerde, serdeOf } from "../contract/Serde.ts"
import type { Durable } from "./Durable.ts"
import type { EncodingFailed } from "./DurableError.ts"
import { withCapability } from "./withCapability.ts"

/** One named value in the state of the handler's key. Writes belong to exclusive handlers, which the key orders. */
export interface StateCell<A> {
  readonly get: Effect.Effect<Option.Option<A>, never, Durable | StateRead>
  /** Writes nothing, and fails, when the value does not fit: whatever stood there stays. */
  readonly set: (value: A) => Effect.Effect<void, EncodingFailed, Durable | StateWrite>
  readonly clear: Effect.Effect<void, never, Durable | StateWrite>
  /** Reads and writes as one: no other write of this handler's fibers comes between. Answers the first of the pair, stores the second. */
  readonly modify: <B>(
    change: (stored: Option.Option<A>) => readonly [B, A]
  ) => Effect.Effect<B, EncodingFailed, Durable | StateRead | StateWrite>
  /** As `modify`, without an answer. */
  readonly update: (
    change: (stored: Option.Option<A>) => A
  ) => Effect.Effect<void, EncodingFailed, Durable | StateRead | StateWrite>
}

/** Held while a fiber of the attempt reads what it is about to write. There is none where nothing modifies. */
const locks = new WeakMap<Attempt, Effect.Semaphore>()

const lockOf = (attempt: Attempt): Effect.Semaphore => {
  const known = locks.get(attempt)
  if (known !== undefined) return known
  const made = Effect.unsafeMakeSemaphore(1)
  locks.set(attempt, made)
  return made
}

const writing = <E>(name: string, write: (attempt: Attempt) => Effect.Effect<void, E>) =>
  withCapability(
    "StateWrite",
    (attempt) => {
      const lock = locks.get(attempt)
      const written = Effect.suspend(() => (attempt.ended ? Effect.interrupt : write(attempt)))
      return lock === undefined ? written : lock.withPermits(1)(written)
    },
    name
  )

/** Declares a value of the key's state. Stored through the schema, so a stored shape can be read for as long as the schema reads it. */
export const stateCell = <A, I>(name: string, schema: Schema.Schema<A, I>): StateCell<A> => {
  const serdeIn = ({ handler }: Attempt): SchemaSerde<A> => serdeOf(schema, handler.limits.payloadBytes)
  const read = (attempt: Attempt): Effect.Effect<Option.Option<A>> =>
    attempt.park(
      () => attempt.journal.get(name, heldSerde(serdeIn(attempt))),
      (completion) => {
        if (!completion.ok) return Effect.die(completion.error)
        // Journal.get is a Pending<Held<A> | null>, decoded by the schema.
        const stored = completion.value as Held<A> | null
        return Effect.succeed(stored === null ? Option.none() : Option.some(stored.value))
      },
      undefined,
      `state ${name}`
    )
  const write = (attempt: Attempt, value: A): Either.Either<void, EncodingFailed> =>
    Either.map(encodeFor(`state ${name}`, serdeIn(attempt), value), (bytes) => attempt.journal.set(name, bytes))
  const get = withCapability("StateRead", read)
  const modify: StateCell<A>["modify"] = (change) =>
    withCapability(
      "StateWrite",
      (attempt) => {
        const changed = Effect.flatMap(read(attempt), (stored) => {
          const [answer, value] = change(stored)
          return Either.map(write(attempt, value), () => answer)
        })
        return lockOf(attempt).withPermits(1)(changed)
      },
      name
    )
  return {
    get,
    set: (value) => writing(name, (attempt) => write(attempt, value)),
    clear: writing(name, ({ journal }) => Effect.sync(() => journal.clear(name))),
    modify,
    update: (change) => modify((stored) => [undefined, change(stored)])
  }
}

/** The names of all values in the state of the handler's key, in alphabetical order. */
export const stateKeys: Effect.Effect<ReadonlyArray<string>, never, Durable | StateRead> = withCapability(
  "StateRead",
  (attempt) =>
    attempt.park(
      () => attempt.journal.stateKeys(),
      // Journal.stateKeys is a Pending<ReadonlyArray<string>>. A server that is asked for them answers in an order of its own.
      (completion) =>
        completion.ok
          ? Effect.succeed((completion.value as ReadonlyArray<string>).toSorted())
          : Effect.die(completion.error),
      undefined,
      "state keys"
    )
)

/** Clears all values in the state of the handler's key. */
export const clearAllState: Effect.Effect<void, never, Durable | StateWrite> = writing("*", ({ journal }) =>
  Effect.sync(() => journal.clearAll())
)
