/**
 * The error that Restate keeps for something unexpected. Restate writes an error's text into the journal's events, so
 * only tagged errors, whose messages are built from fields chosen by their authors, are quoted. Of anything else only
 * the class is named: its text could hold a query, an address or a secret.
 */
export const publicError = (where: string, defect: unknown): Error => {
  const tagged = defect instanceof Error && "_tag" in defect
  const text = tagged ? defect.message : defect instanceof Error ? defect.name : typeof defect
  const error = new Error(`${where}: ${text}`)
  error.name = tagged ? defect.name : "Defect"
  error.stack = error.message
  return error
}
