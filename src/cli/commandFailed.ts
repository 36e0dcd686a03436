import { Array as Arr, Cause, Console, Effect, Schema } from "effect"

/** The command failed. The reason has been reported; this error sets the exit code. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {}) {}

/** The failure as text. Only a defect shows its stack. */
const describe = (cause: Cause.Cause<Error>): string => {
  const failures = Arr.map([...Cause.failures(cause)], ({ message }) => message)
  return Arr.isNonEmptyArray(failures) ? Arr.dedupe(failures).join("\n") : Cause.pretty(cause)
}

/** Reports a failure as text, once. An interruption is not a failure. */
export const reportingFailuresTo =
  <R2>(report: (problem: string) => Effect.Effect<void, never, R2>) =>
  <A, R>(effect: Effect.Effect<A, Error, R>): Effect.Effect<A, CommandFailed, R | R2> =>
    Effect.catchAllCause(effect, (cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.failCause(Cause.stripFailures(cause))
        : Effect.zipRight(report(describe(cause)), new CommandFailed())
    )

/** Writes a failure to standard error, with this prefix. */
export const reportingFailures = (opening: string) =>
  reportingFailuresTo((problem) => Console.error(`${opening}: ${problem}`))
