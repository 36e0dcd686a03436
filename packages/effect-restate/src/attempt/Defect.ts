import { Schema } from "effect"

/** What an error of `publicError` was made of. Kept beside it: a `cause` would reach whatever prints the error. */
const defects = new WeakMap<Error, unknown>()

/** What went wrong behind an error that Restate keeps, or the error itself: for tests, which may see all of it. */
export const defectOf = (error: unknown): unknown =>
  error instanceof Error && defects.has(error) ? defects.get(error) : error

/** Fits every message of the kit and of a sentence or two; a longer one quotes something. */
const maxReason = 1_000

const isDeclared = (error: unknown): error is Error => error instanceof Error && Schema.isSchema(error.constructor)

/**
 * Why something failed, without a secret. Only errors declared with a schema, whose messages are built from fields chosen by
 * their authors, are quoted, up to a length. Of anything else only the class is named: its text could hold a query, an
 * address, a secret, or the value that did not fit.
 */
export const publicReason = (error: unknown): string =>
  isDeclared(error)
    ? error.message.slice(0, maxReason).toWellFormed()
    : error instanceof Error
      ? error.name
      : typeof error

/** The error that Restate keeps for something unexpected: it writes the text into the journal's events and into `last_failure`. */
export const publicError = (where: string, defect: unknown): Error => {
  const error = new Error(`${where}: ${publicReason(defect)}`)
  error.name = isDeclared(defect) ? defect.name : "Defect"
  error.stack = error.message
  defects.set(error, defect)
  return error
}
