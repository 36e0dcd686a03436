import { stdout } from "node:process"
import { styleText } from "node:util"

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan"

/** Colour on a terminal, plain text in a file or a pipe; NO_COLOR and FORCE_COLOR are honoured. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: stdout })

/** Columns as wide as their widest cell, the first row being the heading. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd()
  )
}
