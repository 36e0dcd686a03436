import { stdout } from "node:process"
import { stripVTControlCharacters, styleText } from "node:util"

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan"

/** Color on a terminal, plain text in a file or pipe; honours NO_COLOR and FORCE_COLOR. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: stdout })

const defaultWidth = 100
/** Below this, tables and traces say nothing. */
const narrowest = 60

/** The columns of the terminal; in a file or pipe those of COLUMNS, or 100. */
export const terminalWidth = (): number =>
  Math.max(narrowest, stdout.columns || Number(process.env.COLUMNS) || defaultWidth)

export const visibleLength = (text: string): number => stripVTControlCharacters(text).length

/** In at most `width` columns; a shortened text ends with "…". For text without colors. */
export const fitted = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences that `paint` writes
const parts = /\u001b\[\d*m|\s+|[^\s\u001b]+/g

/**
 * Breaks a line between words, so that no part has more visible columns than `width`; a word that is longer is cut in pieces.
 * Further parts are indented as the line is.
 */
export const wrapped = (line: string, width: number): ReadonlyArray<string> => {
  const indent = /^\s*/.exec(stripVTControlCharacters(line))?.[0] ?? ""
  const room = Math.max(1, width - indent.length)
  const lines: Array<string> = []
  let current = ""
  let used = 0
  let space = ""
  const next = () => {
    lines.push(current)
    current = ""
    used = 0
  }
  for (const [part] of stripIndent(line).matchAll(parts)) {
    if (part.startsWith("\u001b")) current += part
    else if (part.trim() === "") space = part
    else {
      if (used > 0 && used + space.length + part.length > room) next()
      else {
        current += space
        used += space.length
      }
      space = ""
      let rest = part
      for (; rest.length > room; rest = rest.slice(room)) {
        current += rest.slice(0, room)
        next()
      }
      current += rest
      used += rest.length
    }
  }
  return [...lines, current].map((text) => indent + text)
}

/** Without the spaces at the beginning, also behind a color. */
const stripIndent = (line: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences that `paint` writes
  const [, color = "", rest = line] = /^((?:\u001b\[\d*m)*)\s*(.*)$/s.exec(line) ?? []
  return color + rest
}

const gap = "  "

/** Column widths whose sum fits: the widest columns become narrower. */
const columnWidths = (rows: ReadonlyArray<ReadonlyArray<string>>, width: number): ReadonlyArray<number> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  const room = width - gap.length * (widths.length - 1)
  for (let over = widths.reduce((sum, it) => sum + it, 0) - room; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

/** A table of at most `width` columns; each column is as wide as its widest cell if that fits. The first row is the heading. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>, width: number): ReadonlyArray<string> => {
  const widths = columnWidths(rows, width)
  return rows.map((row) =>
    row
      .map((cell, column) => fitted(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0))
      .join(gap)
      .trimEnd()
  )
}
