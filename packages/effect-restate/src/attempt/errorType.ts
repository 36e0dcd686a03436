import { Cause, Predicate } from "effect"

/**
 * What kind of error a cause is, never its text: the tag of a tagged error, or else the name of its class. Undefined when
 * nothing failed, which is so of an interruption.
 */
export const errorTypeOf = (cause: Cause.Cause<unknown>): string | undefined => {
  if (Cause.isInterruptedOnly(cause)) return undefined
  const error = Cause.squash(cause)
  if (Predicate.hasProperty(error, "_tag") && typeof error._tag === "string") return error._tag
  return error instanceof Error ? error.constructor.name : typeof error
}
