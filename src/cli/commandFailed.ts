import { Array as Arr, Cause, Console, Effect, Schema } from "effect"

/** The command did not do what it was asked. Why has been written to standard error; what is left is the exit code. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {}) {}

/** What went wrong, for whoever started the process. Only a defect, a mistake of ours, shows where it came from. */
const describe = (cause: Cause.Cause<Error>): string => {
  const failures = Arr.map([...Cause.failures(cause)], ({ message }) => message)
  return Arr.isNonEmptyArray(failures) ? Arr.dedupe(failures).join("\n") : Cause.pretty(cause)
}

/** Writes a failure to standard error, once, after these words. An orderly end is not one. */
export const reportingFailures =
  (opening: string) =>
  <A, R>(effect: Effect.Effect<A, Error, R>): Effect.Effect<A, CommandFailed, R> =>
    Effect.catchAllCause(effect, (cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.failCause(Cause.stripFailures(cause))
        : Effect.zipRight(Console.error(`${opening}: ${describe(cause)}`), new CommandFailed())
    )
