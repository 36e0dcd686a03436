import { Schema } from "effect"

/** What an error of `publicError` was made of. Kept beside it: a `cause` would reach whatever prints the error. */
const defects = new WeakMap<Error, unknown>()

/** What went wrong behind an error that Restate keeps, or the error itself: for tests, which may see all of it. */
export const defectOf = (error: unknown): unknown =>
  error instanceof Error && defects.has(error) ? defects.get(error) : error

/**
 * The error that Restate keeps for something unexpected. Restate writes an error's text into the journal's events, so
 * only errors declared with a schema, whose messages are built from fields chosen by their authors, are quoted. Of
 * anything else only the class is named: its text could hold a query, an address, a secret, or the value that did not fit.
 */
export const publicError = (where: string, defect: unknown): Error => {
  const declared = defect instanceof Error && Schema.isSchema(defect.constructor)
  const text = declared ? defect.message : defect instanceof Error ? defect.name : typeof defect
  const error = new Error(`${where}: ${text}`)
  error.name = declared ? defect.name : "Defect"
  error.stack = error.message
  defects.set(error, defect)
  return error
}
