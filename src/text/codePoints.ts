/** The end of the first `max` code points, in UTF-16 units. Reads only that part of the text. */
const endOf = (text: string, max: number): number => {
  if (text.length <= max) return text.length
  let end = 0
  for (let count = 0; count < max && end < text.length; count++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1
  return end
}

/**
 * Whether the text has at most `max` code points, the unit of column widths in MySQL. A lone surrogate counts as the one U+FFFD
 * that it is stored as.
 */
export const fitsCodePoints = (text: string, max: number): boolean => endOf(text, max) === text.length

/**
 * The first `max` code points of the text, well-formed: surrogate pairs stay together, and a lone surrogate becomes U+FFFD.
 * Databases and log collectors reject malformed text with its whole batch.
 */
export const firstCodePoints = (text: string, max: number): string => text.slice(0, endOf(text, max)).toWellFormed()

/** The text, well-formed, in at most `max` code points. A shortened one ends with "…". */
export const shortened = (text: string, max: number): string =>
  fitsCodePoints(text, max) ? text.toWellFormed() : `${firstCodePoints(text, max - 1)}…`
