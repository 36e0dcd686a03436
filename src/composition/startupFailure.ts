import { Array as Arr, Cause, Console, Effect } from "effect"

/** What went wrong, for whoever started the process. Only a defect, a mistake of ours, shows where it came from. */
const describe = (cause: Cause.Cause<Error>): string => {
  const failures = Arr.map([...Cause.failures(cause)], ({ message }) => message)
  return Arr.isNonEmptyArray(failures) ? Arr.dedupe(failures).join("\n") : Cause.pretty(cause)
}

/** Writes a failure to standard error, once. An orderly end is not one. */
export const reportFailure = (cause: Cause.Cause<Error>): Effect.Effect<void> =>
  Cause.isInterruptedOnly(cause) ? Effect.void : Console.error(`The worker cannot run: ${describe(cause)}`)
