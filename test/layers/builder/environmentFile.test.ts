import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseEnv } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { environmentFile } from "../../../src/layers/builder/environmentFile.ts"
import { sized } from "../../support/size.ts"

/**
 * How the `dotenv` package (16 and 17) parses a file: its regular expression and steps, because the package is not a
 * dependency.
 */
const dotenvLine =
  /(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm

const dotenv = (file: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {}
  for (const [, name = "", given = ""] of file.replace(/\r\n?/gm, "\n").matchAll(dotenvLine)) {
    const trimmed = given.trim()
    const value = trimmed.replace(/^(['"`])([\s\S]*)\1$/gm, "$2")
    found[name] = trimmed.startsWith('"') ? value.replace(/\\n/g, "\n").replace(/\\r/g, "\r") : value
  }
  return found
}

/**
 * The values of these variables in a POSIX shell that has sourced the file. Each value ends with NUL, which no value contains.
 */
const shell = (file: string, names: ReadonlyArray<string>): Readonly<Record<string, string>> => {
  const folder = mkdtempSync(join(tmpdir(), "environment-file-"))
  try {
    const path = join(folder, ".env")
    writeFileSync(path, file)
    const script = `. "$0"; ${names.map((name) => `printf '%s\\0' "$${name}"`).join("; ")}`
    const output = execFileSync("sh", ["-eu", "-c", script, path], { env: {}, encoding: "utf8" })
    return Object.fromEntries(output.split("\0").flatMap((value, nth) => (names[nth] ? [[names[nth], value]] : [])))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** All three readers, which must agree. */
const readByAll = (values: ReadonlyMap<string, string>) => {
  const file = environmentFile(values)
  const left = new Set(file.match(/^# \w+(?=: no quoting)/gm)?.map((line) => line.slice(2)))
  const given = Object.fromEntries([...values].filter(([name]) => !left.has(name)))
  assert.deepStrictEqual(dotenv(file), given, `dotenv: ${file}`)
  assert.deepStrictEqual({ ...parseEnv(file) }, given, `Node: ${file}`)
  assert.deepStrictEqual(shell(file, Object.keys(given)), given, `sh: ${file}`)
  return left
}

const readable: ReadonlyArray<readonly [string, string]> = [
  ["nothing", ""],
  ["a word", "production"],
  ["a number", "3000"],
  ["a URL", "postgres://user:p%40ss@db.example:5432/shop?sslmode=require&x=1"],
  ["spaces", "  two  words  "],
  ["a comment sign", "a #b"],
  ["a variable", "$HOME $(id) `id`"],
  ["backslashes", String.raw`C:\new\table`],
  ["double quotes", '{"key": "a\\nb"}'],
  ["an apostrophe", "it's"],
  ["a list of apostrophes", "'; id; '"],
  ["several lines", "-----BEGIN KEY-----\nMIIB+/=\n-----END KEY-----\n"],
  ["lines that look like variables", "a\nPATH=/evil\nexport B='c'\n# d"],
  ["a line break alone", "\n"],
  ["a glob and a tilde", "~/*.ts !important"],
  ["characters beyond ASCII", "Grüße 😀 \u2028"],
  ["an equals sign first", "=a=b"],
  ["a tab", "a\tb"]
]
/** No quoting is equal for all readers. */
const unreadable: ReadonlyArray<readonly [string, string]> = [
  ["an apostrophe and a double quote", `it's "it"`],
  ["an apostrophe and a variable", "it's $HOME"],
  ["an apostrophe and a backtick", "it's `id`"],
  ["an apostrophe and a backslash", "it's \\n"],
  ["a backslash at the end", "C:\\"],
  ["a carriage return", "a\r\nb"]
]

/** Texts of characters with a special meaning for a reader. */
const value = fc.oneof(
  fc.string({
    unit: fc.constantFrom("'", '"', "\\", "$", "`", "\n", "\r", "#", "=", " ", "a", "B=", "ä"),
    maxLength: 8
  }),
  fc.string({ unit: "binary", maxLength: 8 }).filter((text) => !text.includes("\0") && text.isWellFormed())
)

describe("a .env file", () => {
  for (const [what, text] of readable)
    it(`gives ${what} to a shell, dotenv and Node alike`, () => {
      assert.deepStrictEqual(
        readByAll(
          new Map([
            ["A", text],
            ["B", "'#"],
            ["C", "last"]
          ])
        ),
        new Set()
      )
    })

  for (const [what, text] of unreadable)
    it(`leaves out ${what}, and says so`, () => {
      assert.deepStrictEqual(
        readByAll(
          new Map([
            ["A", text],
            ["B", "#"],
            ["C", "\nx"]
          ])
        ),
        new Set(["A"])
      )
    })

  it("never gives a reader another value than a build's own secret has", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (values) => {
        const left = readByAll(new Map(values.map((text, nth) => [`V${nth}`, text])))
        for (const name of left) assert.match(values[Number(name.slice(1))] ?? "", /'|\r|\\$/)
      }),
      // A process each.
      { numRuns: sized(40, 200) }
    )
  })

  it("is the same whatever the order of its variables", () => {
    const pairs = [
      ["B", "2"],
      ["A", "1"],
      ["_", "3"]
    ] as const
    assert.strictEqual(environmentFile(new Map(pairs)), environmentFile(new Map(pairs.toReversed())))
  })
})
