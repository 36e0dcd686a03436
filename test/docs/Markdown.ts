import { readFileSync } from "node:fs"

/** A file of the repository. */
export const fileOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

export interface CodeBlock {
  /** What stands behind the fence: `ts file=examples/a.ts`. */
  readonly info: string
  readonly code: string
}

/** The fenced blocks of a document, in order. */
export const codeBlocks = (document: string): ReadonlyArray<CodeBlock> =>
  [...document.matchAll(/^```(.*)\n([\s\S]*?)\n```$/gm)].map(([, info = "", code = ""]) => ({ info, code }))

/** The rows of the tables of a document as cells, without heads and rulers. */
export const tableRows = (document: string): ReadonlyArray<ReadonlyArray<string>> => {
  const lines = document.split("\n")
  return lines
    .filter((line, at) => line.startsWith("|") && !isRuler(line) && !isRuler(lines[at + 1] ?? ""))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim())
    )
}

const isRuler = (line: string): boolean => /^\|(\s*:?-+:?\s*\|)+$/.test(line)

/** The links of a document that lead into the repository; an empty target is the document itself. */
export const links = (document: string): ReadonlyArray<{ readonly target: string; readonly anchor: string }> =>
  [...document.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)]
    .map(([, target = "", anchor = ""]) => ({ target, anchor }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))

/** What the headings of a document can be linked by, as GitHub makes it. */
export const anchorsOf = (document: string): ReadonlySet<string> =>
  new Set(
    [...document.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-")
    )
  )

/** Tests that a document names: `` `test/a.test.ts`: title ``. `‹name›` stands for what a title fills in. */
export const namedTests = (text: string): ReadonlyArray<{ readonly path: string; readonly title: string }> =>
  [...text.matchAll(/`((?:test|examples|packages)\/[^`]+)`: (.+?)(?=<br>|$)/gm)].map(([, path = "", title = ""]) => ({
    path,
    title: title.trim().replaceAll(/‹(\w+)›/g, (_, name) => `\${${name}}`)
  }))

/** Whether a file declares a test of this title, or of one that contains it. */
export const declaresTest = (path: string, title: string): boolean =>
  fileOf(path)
    .split("\n")
    .some((line) => line.includes(title) && /["'`]/.test(line))
