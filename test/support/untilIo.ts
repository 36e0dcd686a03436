import { Chunk, Effect, TestClock } from "effect"

/** Lets real I/O pass until the condition holds; virtual time stands still meanwhile. */
export const untilIo = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.flatMap(condition, (holds) =>
    holds
      ? Effect.void
      : Effect.zipRight(
          Effect.promise(() => new Promise((resume) => setImmediate(resume))),
          untilIo(condition)
        )
  )

/** A fiber sleeps until this instant of virtual time. */
export const sleepingUntil = (millis: number) =>
  Effect.map(TestClock.sleeps(), (sleeps) => Chunk.some(sleeps, (instant) => instant === millis))
