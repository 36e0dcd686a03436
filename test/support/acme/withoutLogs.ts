import { type Effect, Logger, LogLevel } from "effect"

/** Suppresses log lines about failures that the test causes. */
export const withoutLogs = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Logger.withMinimumLogLevel(effect, LogLevel.None)
