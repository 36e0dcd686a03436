import { existsSync, readFileSync } from "node:fs"

const root = new URL("../../", import.meta.url)

/** A file of the repository. */
export const fileOf = (path: string): string => readFileSync(new URL(path, root), "utf8")

export const exists = (path: string): boolean => existsSync(new URL(path, root))

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

/** The text below a heading, up to the next heading of the same or a higher level. */
export const sectionOf = (document: string, heading: string): string => {
  const level = heading.match(/^#+/)?.[0].length ?? 0
  const below = `\n${document}`.split(`\n${heading}\n`)[1] ?? ""
  return below.split(new RegExp(`\n#{1,${level}} `))[0] ?? ""
}

/** The items of the lists of a document, each with the items below it. */
export const listItems = (document: string): ReadonlyArray<string> =>
  [...document.matchAll(/^[-*] .*(?:\n {2,}.*)*/gm)].map(([item]) => item.slice(2))

export interface Link {
  /** Empty for the document itself. */
  readonly target: string
  readonly anchor: string
  /** What a browser shows beside the pointer; in the documents these are titles of tests, one per line. */
  readonly title: string
}

/** The links and pictures of a document that lead into the repository. */
export const links = (document: string): ReadonlyArray<Link> =>
  [...document.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?(?:\s+"((?:[^"\\]|\\.)*)")?\)/g)]
    .map(([, target = "", anchor = "", title = ""]) => ({ target, anchor, title: title.replaceAll(/\\(.)/g, "$1") }))
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

/**
 * Tests that a page of docs/ links to: `[a.test.ts](../test/a.test.ts "title")`. A link has as many titles as lines;
 * `‹name›` stands for what a title fills in.
 */
export const namedTests = (text: string): ReadonlyArray<{ readonly path: string; readonly title: string }> =>
  links(text).flatMap(({ target, title }) => {
    const [, path] = target.match(/^\.\.\/((?:test|examples|packages)\/.+)$/) ?? []
    if (path === undefined) return []
    return title
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .map((line) => ({ path, title: line.replaceAll(/‹(\w+)›/g, (_, name) => `\${${name}}`) }))
  })

/** Whether a file declares a test of this title, or of one that contains it. */
export const declaresTest = (path: string, title: string): boolean =>
  exists(path) &&
  fileOf(path)
    .split("\n")
    .some((line) => line.includes(title) && /["'`]/.test(line))
