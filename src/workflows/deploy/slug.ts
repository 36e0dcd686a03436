const maxBytes = 80

/**
 * A branch name as part of a DNS label, exactly as the Go worker makes it: a branch must find its existing route. May
 * be empty or start with a hyphen. The result is ASCII, so characters are bytes.
 */
export const slug = (name: string): string =>
  trimUnicodeSpace(name)
    // ASCII white space only: JavaScript's \s includes Unicode white space and would keep what must become a space.
    .replace(/[^a-zA-Z0-9\t\n\f\r ]/gu, " ")
    .replace(/[\t\n\f\r ]+/g, " ")
    .replaceAll(" ", "-")
    .toLowerCase()
    .slice(0, maxBytes)
    .replace(/-$/, "")

/** Go's unicode.IsSpace, which differs from trim(): U+0085 is white space, the byte order mark U+FEFF is not. */
const trimUnicodeSpace = (name: string): string => {
  const characters = [...name]
  const first = characters.findIndex((character) => !isUnicodeSpace(character))
  if (first === -1) return ""
  const last = characters.findLastIndex((character) => !isUnicodeSpace(character))
  return characters.slice(first, last + 1).join("")
}

const isUnicodeSpace = (character: string): boolean => /^[\p{White_Space}]$/u.test(character)
