import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { mutations } from "./mutations.ts"

const textOf = (file: string) => readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8")

describe("a mutation", () => {
  for (const { edits, name } of mutations) {
    it(`finds what it breaks, once: ${name}`, () => {
      for (const { file, find } of edits) assert.strictEqual(textOf(file).split(find).length, 2, `${file}: ${find}`)
    })
  }
})
