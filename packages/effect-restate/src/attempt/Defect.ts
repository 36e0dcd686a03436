import { Schema } from "effect"

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
  return error
}
