/** Where the first `max` code points of the text end, in UTF-16 units. Looks at no more of the text than that. */
const endOf = (text: string, max: number): number => {
  if (text.length <= max) return text.length
  let end = 0
  for (let count = 0; count < max && end < text.length; count++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1
  return end
}

/**
 * Whether the text has at most `max` code points. This is how MySQL counts the width of a column; a lone surrogate counts
 * as the one U+FFFD that it is stored as.
 */
export const fitsCodePoints = (text: string, max: number): boolean => endOf(text, max) === text.length

/**
 * The first `max` code points of the text, well-formed: no character is cut in half, and a lone surrogate becomes U+FFFD.
 * Databases and collectors refuse text that is not well-formed, and with it the batch it came in.
 */
export const firstCodePoints = (text: string, max: number): string => text.slice(0, endOf(text, max)).toWellFormed()

/** The text, well-formed, in at most `max` code points. A shortened one ends with "…". */
export const shortened = (text: string, max: number): string =>
  fitsCodePoints(text, max) ? text.toWellFormed() : `${firstCodePoints(text, max - 1)}…`
