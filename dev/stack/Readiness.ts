import { Duration, Effect, Schedule } from "effect"
import { componentFailed, type ManagedProcess, type ProcessOptions } from "./Process.ts"
import { inRealTime } from "./RealTime.ts"
import type { ComponentFailed } from "./StackFailure.ts"

/** The slowest measured start is 3 s; a loaded machine may need many times that. */
const readyBound = Duration.seconds(60)

/** Repeats `check` until it succeeds; fails at once if the process ends, and after a minute. */
export const untilReady = <E>(
  options: Pick<ProcessOptions, "component" | "logFile">,
  process: ManagedProcess,
  check: Effect.Effect<void, E>
): Effect.Effect<void, ComponentFailed> =>
  check.pipe(
    Effect.timeout("2 seconds"),
    Effect.retry(Schedule.spaced("25 millis")),
    Effect.timeout(readyBound),
    Effect.catchAll(() =>
      Effect.flatMap(componentFailed(options, "not ready in time", Duration.format(readyBound)), Effect.fail)
    ),
    Effect.raceFirst(process.unexpectedEnd),
    inRealTime
  )
