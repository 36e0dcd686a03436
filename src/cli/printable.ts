import { shortened } from "../text/codePoints.ts"

/**
 * Text that a tenant or another system has written, in at most `max` code points. Control and format characters, which could
 * move the terminal's cursor, are escaped.
 */
export const printable = (text: string, max = 64): string => {
  const escaped = text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  )
  return shortened(escaped, max)
}
