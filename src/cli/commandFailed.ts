import { Array as Arr, Cause, Console, Effect, Schema } from "effect"

/** The command failed. The reason has been written to standard error; this error sets the exit code. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {}) {}

/** The failure as text. Only a defect shows its stack. */
const describe = (cause: Cause.Cause<Error>): string => {
  const failures = Arr.map([...Cause.failures(cause)], ({ message }) => message)
  return Arr.isNonEmptyArray(failures) ? Arr.dedupe(failures).join("\n") : Cause.pretty(cause)
}

/** Writes a failure to standard error, once, with this prefix. An interruption is not a failure. */
export const reportingFailures =
  (opening: string) =>
  <A, R>(effect: Effect.Effect<A, Error, R>): Effect.Effect<A, CommandFailed, R> =>
    Effect.catchAllCause(effect, (cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.failCause(Cause.stripFailures(cause))
        : Effect.zipRight(Console.error(`${opening}: ${describe(cause)}`), new CommandFailed())
    )
