/** Classes of the codes that `terminal.ts` writes; `null` ends the last one. */
const classes: Readonly<Record<string, string | null>> = {
  "1": "bold",
  "2": "dim",
  "22": null,
  "31": "red",
  "32": "green",
  "33": "yellow",
  "36": "cyan",
  "39": null
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** Text with ANSI colors as HTML; other control sequences are dropped. */
export const htmlOf = (output: string): string =>
  output
    .split("\u001b[")
    .map((part, at) => {
      if (at === 0) return escaped(part)
      const [, code = "", command, text = ""] = part.match(/^(\d*)([A-Za-z])([\s\S]*)$/) ?? []
      const style = command === "m" ? classes[code] : undefined
      if (style === undefined) return escaped(text)
      return `${style === null ? "</span>" : `<span class="${style}">`}${escaped(text)}`
    })
    .join("")

const style = `
  body { margin: 0; background: #0d1117; display: inline-block }
  pre { margin: 0; padding: 18px 22px; width: 100ch; white-space: pre-wrap; color: #c9d1d9; font: 14px/1.45 "DejaVu Sans Mono", "Liberation Mono", monospace }
  .bold { color: #f0f6fc; font-weight: bold } .dim { color: #8b949e } .red { color: #ff7b72 }
  .green { color: #56d364 } .yellow { color: #e3b341 } .cyan { color: #79c0ff }`

/** A page that shows the output of a program as a dark terminal of 100 columns does. */
export const terminalPage = (output: string): string =>
  `<!doctype html><meta charset="utf-8"><style>${style}</style><body><pre>${htmlOf(output)}</pre>`
