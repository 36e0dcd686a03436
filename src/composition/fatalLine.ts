import { Effect, FiberRef, HashSet, Logger, LogLevel } from "effect"
import { jsonLogger } from "../layers/telemetry/JsonLogger.ts"

const loggers = HashSet.make(Logger.withConsoleLog(jsonLogger))

/**
 * One line of level error on standard output, in the format of the worker's log. Needs no configuration, which may be the
 * problem; a logger and a level that a start has set before it failed are not used.
 */
export const fatalLine = (message: string, problem: string): Effect.Effect<void> =>
  Effect.logError(message).pipe(
    Effect.annotateLogs({ problem }),
    Effect.locally(FiberRef.currentLoggers, loggers),
    Logger.withMinimumLogLevel(LogLevel.Error)
  )
