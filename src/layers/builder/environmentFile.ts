/** What no reader takes for anything but itself. */
const plain = /^[\w@%+=:,./-]*$/
// Within single quotes a shell and dotenv read all but a quote; a backslash at the end dotenv takes as escaping the quote.
const singleQuoted = /^[^'\r]*[^'\r\\]$/
// Within double quotes a shell reads these four as something else, and dotenv does not unescape them.
const doubleQuoted = /^[^"$`\\\r]*$/

/** A value as every reader understands it, or null when there is no such form. A carriage return has none: dotenv drops it. */
const quoted = (value: string): string | null => {
  if (plain.test(value)) return value
  if (singleQuoted.test(value)) return `'${value}'`
  return doubleQuoted.test(value) ? `"${value}"` : null
}

/**
 * The content of a `.env` file in the order of the names, the same for the same variables. A POSIX shell that sources it,
 * dotenv (npm) and Node's own parser read each value as it is. A value that no form of quoting makes them read alike is left
 * out, with a comment that says so.
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
