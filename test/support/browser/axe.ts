import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"

const script = createRequire(import.meta.url).resolve("axe-core/axe.min.js")

interface Violation {
  readonly id: string
  readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary?: string }>
}

/** What axe-core finds against WCAG 2.2 AA and its own best practices, one line per element. */
export const axeViolations = async (page: Page): Promise<ReadonlyArray<string>> => {
  // As a file of the debugger, not as an element of the page: the page's policy refuses foreign scripts.
  await page.evaluate(await readFile(script, "utf8"))
  const violations = await page.evaluate<ReadonlyArray<Violation>>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)"
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ failureSummary = "", html }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 300)}`)
  )
}

/** Pixels by which the document is wider than the window. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth")
