import { stdout } from "node:process"
import { styleText } from "node:util"

type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan"

/** Color on a terminal, plain text in a file or pipe; honours NO_COLOR and FORCE_COLOR. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: stdout })

/** A table with columns as wide as their widest cell; the first row is the heading. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd()
  )
}
