import { type Effect, Logger, LogLevel } from "effect"

/** Without the lines that tell an operator of a failure which the test has asked for. */
export const withoutLogs = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Logger.withMinimumLogLevel(effect, LogLevel.None)
