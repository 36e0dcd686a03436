/** The text in at most `max` UTF-16 units, well-formed. A longer one ends with "…", and no character is cut in half. */
export const clipped = (text: string, max: number): string =>
  (text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/u, "")}…`).toWellFormed()
