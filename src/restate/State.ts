import { Effect, Either, Option, type Schema } from "effect"
import { type Durable, withAttempt } from "./Durable.ts"
import type { EncodingFailed } from "./DurableError.ts"
import { encodeFor, serdeOf } from "./Serde.ts"

/** One named value in the object's state. Writes belong to exclusive handlers: the object's key orders them. */
export interface StateCell<A> {
  readonly get: Effect.Effect<Option.Option<A>, never, Durable>
  /** Writes nothing, and fails, when the value does not fit: whatever stood there stays. */
  readonly set: (value: A) => Effect.Effect<void, EncodingFailed, Durable>
  readonly clear: Effect.Effect<void, never, Durable>
}

/** Declares a value of the object's state. Stored through the schema, so a stored shape can be read for as long as the schema reads it. */
export const stateCell = <A, I>(name: string, schema: Schema.Schema<A, I>): StateCell<A> => {
  const serde = serdeOf(schema)
  return {
    get: withAttempt((attempt) =>
      attempt.park(
        () => attempt.journal.get(name, serde),
        (completion) =>
          // Journal.get is a Pending<A | null>, decoded by the schema.
          completion.ok
            ? Effect.succeed(Option.fromNullable(completion.value as A | null))
            : Effect.die(completion.error)
      )
    ),
    set: (value) =>
      withAttempt((attempt) =>
        Either.map(encodeFor(`state ${name}`, serde, value), (bytes) => attempt.journal.set(name, bytes))
      ),
    clear: withAttempt((attempt) => Effect.sync(() => attempt.journal.clear(name)))
  }
}
