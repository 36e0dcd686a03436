/** Characters that need no quotes. */
const plain = /^[\w@%+=:,./-]*$/
// In single quotes a shell and dotenv keep everything but a quote; dotenv treats a final backslash as escaping the quote.
const singleQuoted = /^[^'\r]*[^'\r\\]$/
// In double quotes a shell expands these four characters, and dotenv does not unescape them.
const doubleQuoted = /^[^"$`\\\r]*$/

/** The value quoted so that all readers agree, or null if impossible. dotenv drops carriage returns. */
const quoted = (value: string): string | null => {
  if (plain.test(value)) return value
  if (singleQuoted.test(value)) return `'${value}'`
  return doubleQuoted.test(value) ? `"${value}"` : null
}

/**
 * A `.env` file sorted by name, equal for equal variables. A POSIX shell, dotenv (npm) and Node's own parser all read the same
 * values. A value that cannot be quoted for all of them is left out, with a comment.
 */
export const environmentFile = (values: ReadonlyMap<string, string>): string =>
  [...values]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      const text = quoted(value)
      return text === null
        ? `# ${name}: no quoting fits its value; mount the secret ${name} instead\n`
        : `${name}=${text}\n`
    })
    .join("")
