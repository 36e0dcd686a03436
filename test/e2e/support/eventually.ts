import { Effect, Schedule, Schema } from "effect"
import { inRealTime } from "../../../dev/stack/RealTime.ts"

/** What was looked for did not come about; `last` is what was there instead. */
export class NotSeen extends Schema.TaggedError<NotSeen>()("NotSeen", { what: Schema.String, last: Schema.Unknown }) {
  override get message(): string {
    return `${this.what}: last seen ${JSON.stringify(this.last)}`
  }
}

/** Looks again, every 25 ms and for at most a minute, until what it sees is as wanted. Answers with that. */
export const eventually = <A, E, R>(
  what: string,
  look: Effect.Effect<A, E, R>,
  wanted: (seen: A) => boolean
): Effect.Effect<A, E | NotSeen, R> =>
  look.pipe(
    Effect.filterOrFail(wanted, (last) => new NotSeen({ what, last })),
    Effect.retry({
      schedule: Schedule.spaced("25 millis").pipe(Schedule.upTo("1 minute")),
      while: (failure) => failure instanceof NotSeen
    }),
    inRealTime
  )
