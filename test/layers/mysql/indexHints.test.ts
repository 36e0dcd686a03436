import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"

const sources = new URL("../../../src/", import.meta.url)
const hint = /\b(?:FORCE|USE|IGNORE) (?:INDEX|KEY)(?: FOR [A-Z ]+)? \(([^)]*)\)/g

const hintsOf = (text: string) => [...text.matchAll(hint)].map(([, names]) => names)

describe("the statements of this worker", () => {
  it("name no index but the primary key in a hint: without an index they are slow, and no error", () => {
    const named = readdirSync(sources, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) => hintsOf(readFileSync(new URL(name, sources), "utf8")))
    assert.isNotEmpty(named)
    assert.deepStrictEqual([...new Set(named)], ["PRIMARY"])
  })
})
