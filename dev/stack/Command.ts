import { Runtime } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Config, Effect, Fiber, Option, Schedule } from "effect"
import { progressLines } from "./Progress.ts"
import { inRealTime } from "./RealTime.ts"

/** Read at once: by the time a stack is up, the launcher may be gone already. */
const launcher = process.ppid

/**
 * Completes when npm, which started this command, is gone. A SIGTERM sent to npm may end npm's shell and not what the
 * shell runs; without npm, a parent that goes away means nothing (a shell that put the command in the background).
 */
const launcherGone = Effect.gen(function* () {
  const startedByNpm = yield* Config.option(Config.string("npm_lifecycle_event"))
  if (Option.isNone(startedByNpm)) return yield* Effect.never
  yield* Effect.sync(() => process.ppid).pipe(
    Effect.repeat({ schedule: Schedule.spaced("200 millis"), while: (parent) => parent === launcher })
  )
}).pipe(Effect.orDie, inRealTime)

/** An expected failure is a message for a person; only a defect shows its stack. */
const report = <E extends Error>(cause: Cause.Cause<E>) =>
  Cause.isInterruptedOnly(cause)
    ? Effect.void
    : Effect.logError(
        Option.match(Cause.failureOption(cause), {
          onSome: (failure) => failure.message,
          onNone: () => Cause.pretty(cause)
        })
      )

/**
 * Interrupts the command rather than racing it: whoever waits for the loser of a race can be interrupted in turn, by the
 * signal that npm was sent too, and would leave the loser's end to chance.
 */
const whileLauncherLives = <A, E>(command: Effect.Effect<A, E>) =>
  Effect.withFiberRuntime<A, E>((self) =>
    Effect.acquireUseRelease(
      Effect.forkDaemon(Effect.zipRight(launcherGone, Fiber.interruptFork(self))),
      () => command,
      Fiber.interruptFork
    )
  )

/**
 * npm hands on a signal that this process has been sent as well, and the runtime listens for the first one only: the second
 * would end the process where it stands. Every wait of an orderly end is bounded, so nobody needs a second one.
 */
const ignoreFurtherSignals = Effect.sync(() => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined)
})

/** Once everything has stopped, a connection that some client keeps for later is no reason to stay. */
const exitAtOnce: Runtime.Teardown = (exit) => Runtime.defaultTeardown(exit, (code) => process.exit(code))

/**
 * Runs a command that holds a stack, with plain progress lines. Ctrl-C, SIGTERM and the end of npm stop it in order with
 * exit code 0; a failure is reported and ends it with exit code 1.
 */
export const runCommand = <A, E extends Error>(command: Effect.Effect<A, E>) =>
  Effect.zipRight(ignoreFurtherSignals, whileLauncherLives(command)).pipe(
    Effect.tapErrorCause(report),
    Effect.ensuring(Effect.logInfo("Everything has stopped.")),
    Effect.provide(progressLines),
    NodeRuntime.runMain({ disablePrettyLogger: true, disableErrorReporting: true, teardown: exitAtOnce })
  )
