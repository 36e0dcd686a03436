import { Duration, Effect, Schedule } from "effect"
import { componentFailed, type ManagedProcess, type ProcessOptions } from "./Process.ts"
import { inRealTime } from "./RealTime.ts"
import type { ComponentFailed } from "./StackFailure.ts"

/** Slowest start measured here is 3 s; a loaded machine may need many times that. */
const readyBound = Duration.seconds(60)

/** Repeats `check` until it succeeds; fails at once when the process ends, and after a minute in any case. */
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
