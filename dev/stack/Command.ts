import { Runtime } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Config, Effect, Fiber, Option, Schedule } from "effect"
import { progressLines } from "./Progress.ts"
import { inRealTime } from "./RealTime.ts"

/** Read at start: the parent may be gone once a stack is running. */
const launcher = process.ppid

/**
 * Completes when npm, the parent of this command, has exited. A SIGTERM to npm may end npm's shell but not its child. Without
 * npm, the parent's exit means nothing (a shell that started the command in the background).
 */
const launcherGone = Effect.gen(function* () {
  const startedByNpm = yield* Config.option(Config.string("npm_lifecycle_event"))
  if (Option.isNone(startedByNpm)) return yield* Effect.never
  yield* Effect.sync(() => process.ppid).pipe(
    Effect.repeat({ schedule: Schedule.spaced("200 millis"), while: (parent) => parent === launcher })
  )
}).pipe(Effect.orDie, inRealTime)

/** An error of a driver has the reason that the error around it does not name. */
const deepestCause = 3

/** The message, and those of its causes. */
export const failureText = (failure: Error): string => {
  const lines = [failure.message]
  for (let { cause } = failure; cause instanceof Error && lines.length <= deepestCause; cause = cause.cause)
    lines.push(`  cause: ${cause.message}`)
  return lines.join("\n")
}

/** Expected failures print a message; only defects print a stack. */
const report = <E extends Error>(cause: Cause.Cause<E>) =>
  Cause.isInterruptedOnly(cause)
    ? Effect.void
    : Effect.logError(
        Option.match(Cause.failureOption(cause), {
          onSome: failureText,
          onNone: () => Cause.pretty(cause)
        })
      )

/**
 * Interrupts the command rather than racing it: waiting for the loser of a race can itself be interrupted by the signal that
 * npm got too, and would leave its end to chance.
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
 * npm forwards a signal that this process got too, and the runtime handles only the first: the second would end the process
 * immediately. All waits of a shutdown are bounded, so a second one is not needed.
 */
const ignoreFurtherSignals = Effect.sync(() => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined)
})

/** Exits although a client may keep idle connections open. */
const exitAtOnce: Runtime.Teardown = (exit) => Runtime.defaultTeardown(exit, (code) => process.exit(code))

export interface CommandOptions {
  /** Lines are broken to have at most this many columns. Default: never, so that commands and URLs can be copied. */
  readonly width?: number
}

/**
 * Runs a command that holds a stack, with plain progress lines. Ctrl-C, SIGTERM and the exit of npm stop it in order with exit
 * code 0; a failure is printed and exits with code 1.
 */
export const runCommand = <A, E extends Error>(command: Effect.Effect<A, E>, { width }: CommandOptions = {}) =>
  Effect.zipRight(ignoreFurtherSignals, whileLauncherLives(command)).pipe(
    Effect.tapErrorCause(report),
    Effect.ensuring(Effect.logInfo("Everything has stopped.")),
    Effect.provide(progressLines(width)),
    NodeRuntime.runMain({ disablePrettyLogger: true, disableErrorReporting: true, teardown: exitAtOnce })
  )
