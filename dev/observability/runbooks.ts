/** What alerts and panels take from the runbook of an alert. */
export interface Runbook {
  readonly alert: string
  /** What the alert means and which impact it has, as plain text. */
  readonly description: string
  /** Titles of the dashboard's panels that it names. */
  readonly panels: ReadonlyArray<string>
}

const plainText = (markdown: string): string =>
  markdown.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1").replaceAll(/[`*]/g, "")

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const item = (section: string, name: string): string => {
  const [, text] = new RegExp(`^- \\*\\*${name}\\*\\* (.+)$`, "m").exec(section) ?? []
  if (text === undefined) throw new Error(`a runbook has no item ${name}: ${section.slice(0, 60)}`)
  return capitalized(plainText(text))
}

/** The sections of docs/runbooks.md, one for each alert. */
export const readRunbooks = (page: string): ReadonlyArray<Runbook> =>
  page
    .split(/^## (?=ControlPlaneWorker)/m)
    .slice(1)
    .map((section) => ({
      alert: section.slice(0, section.indexOf("\n")),
      description: `${item(section, "Means")} Impact: ${item(section, "Impact")}`,
      panels: Array.from(section.matchAll(/(?<!\*)\*([A-Z][^*]+)\*(?!\*)/g), ([, title = ""]) => title)
    }))

/** The runbooks that name a panel. The part of a title after a comma may be left out there. */
export const runbooksOfPanel = (runbooks: ReadonlyArray<Runbook>, title: string): ReadonlyArray<Runbook> =>
  runbooks.filter(({ panels }) => panels.some((named) => named === title || title.startsWith(`${named}, `)))

/** The heading's anchor. */
export const anchorOf = (alert: string): string => `#${alert.toLowerCase()}`
