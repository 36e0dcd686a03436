import { Clock, Effect, Option, Schema } from "effect"
import { CurrentCommandPlace } from "./commandLineFor.ts"
import { Instant } from "./Instant.ts"
import { InvocationDetail, InvocationDetails } from "./InvocationDetails.ts"
import { commandsFor, SuggestedCommand } from "./invocationCommands.ts"
import { attempted, type SourceUnavailable } from "./SourceUnavailable.ts"

/** What is known about the refill of a date. */
export const RefillFacts = Schema.Struct({
  date: Schema.String,
  /** When it was read. */
  now: Instant,
  /** Of the run and of its parts: open ones first, then the newest. At most three. */
  invocations: Schema.NonEmptyArray(InvocationDetail),
  /** Command lines that act on them now. */
  commands: Schema.Array(SuggestedCommand)
})
export type RefillFacts = typeof RefillFacts.Type

/** Restate keeps no invocation of the date. */
export class UnknownRefill extends Schema.TaggedError<UnknownRefill>()("UnknownRefill", { date: Schema.String }) {
  override get message(): string {
    return `Restate keeps no refill of ${this.date}: it was not started, or it ended more than a day ago`
  }
}

const shown = 3

/** Reads the refill of a date, which is the key of its invocations. Restate is its only source. */
export const refillFacts = (
  date: string
): Effect.Effect<RefillFacts, UnknownRefill | SourceUnavailable, InvocationDetails> =>
  Effect.gen(function* () {
    const details = yield* InvocationDetails
    const place = yield* CurrentCommandPlace
    const now = yield* Clock.currentTimeMillis
    const read = Effect.gen(function* () {
      const ids = yield* details.ofKeys({ service: "hydra.v1.KeyRefillService", keys: [date], limit: shown })
      return yield* Effect.forEach(ids, details.of)
    })
    const found = yield* Effect.flatMap(attempted("restate", read), (answer) => answer)
    const [first, ...others] = found.flatMap(Option.toArray)
    if (first === undefined) return yield* new UnknownRefill({ date })
    const invocations = [first, ...others] as const
    return {
      date,
      now,
      invocations,
      commands: invocations.flatMap((one) =>
        commandsFor(one, "ends it as failed; a new run refills the remaining keys", place)
      )
    }
  })
