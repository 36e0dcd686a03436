import { Effect, Either, Option, type Schema } from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import type { StateRead, StateWrite } from "../contract/Capability.ts"
import type { SchemaSerde, Serde } from "../contract/Serde.ts"
import { encodeFor, serdeOf } from "../contract/Serde.ts"
import type { Durable } from "./Durable.ts"
import type { EncodingFailed } from "./DurableError.ts"
import { withCapability } from "./withCapability.ts"

/** One named value in the state of the handler's key. Writes belong to exclusive handlers, which the key orders. */
export interface StateCell<A> {
  readonly get: Effect.Effect<Option.Option<A>, never, Durable | StateRead>
  /** Writes nothing, and fails, when the value does not fit: whatever stood there stays. */
  readonly set: (value: A) => Effect.Effect<void, EncodingFailed, Durable | StateWrite>
  readonly clear: Effect.Effect<void, never, Durable | StateWrite>
}

/** Tells a stored null from nothing stored. */
interface Held<A> {
  readonly value: A
}

/** Declares a value of the object's state. Stored through the schema, so a stored shape can be read for as long as the schema reads it. */
export const stateCell = <A, I>(name: string, schema: Schema.Schema<A, I>): StateCell<A> => {
  const serdeIn = ({ handler }: Attempt): SchemaSerde<A> => serdeOf(schema, handler.limits.payloadBytes)
  const heldIn = (attempt: Attempt): Serde<Held<A>> => {
    const serde = serdeIn(attempt)
    return {
      serialize: ({ value }) => serde.serialize(value),
      deserialize: (bytes) => ({ value: serde.deserialize(bytes) })
    }
  }
  return {
    get: withCapability("StateRead", (attempt) =>
      attempt.park(
        () => attempt.journal.get(name, heldIn(attempt)),
        (completion) => {
          if (!completion.ok) return Effect.die(completion.error)
          // Journal.get is a Pending<Held<A> | null>, decoded by the schema.
          const stored = completion.value as Held<A> | null
          return Effect.succeed(stored === null ? Option.none() : Option.some(stored.value))
        },
        undefined,
        `state ${name}`
      )
    ),
    set: (value) =>
      withCapability(
        "StateWrite",
        (attempt) =>
          Either.map(encodeFor(`state ${name}`, serdeIn(attempt), value), (bytes) => attempt.journal.set(name, bytes)),
        name
      ),
    clear: withCapability("StateWrite", ({ journal }) => Effect.sync(() => journal.clear(name)), name)
  }
}
