import { Effect, Schedule, Schema } from "effect"
import { inRealTime } from "../../../dev/stack/RealTime.ts"

/** What was looked for did not come about; `last` is what was there instead. */
export class NotSeen extends Schema.TaggedError<NotSeen>()("NotSeen", { what: Schema.String, last: Schema.Unknown }) {
  override get message(): string {
    return `${this.what}: last seen ${JSON.stringify(this.last)}`
  }
}

/** 25 ms at first, then a quarter longer each time, up to 200 ms: what is asked for rarely is not slowed down by the question. */
const intervals = Schedule.union(Schedule.exponential("25 millis", 1.25), Schedule.spaced("200 millis"))

/** Repeats `look` for at most a minute until its result is as wanted. Answers with that. */
export const eventually = <A, E, R>(
  what: string,
  look: Effect.Effect<A, E, R>,
  wanted: (seen: A) => boolean
): Effect.Effect<A, E | NotSeen, R> =>
  look.pipe(
    Effect.filterOrFail(wanted, (last) => new NotSeen({ what, last })),
    Effect.retry({
      schedule: Schedule.upTo(intervals, "1 minute"),
      while: (failure) => failure instanceof NotSeen
    }),
    inRealTime
  )
