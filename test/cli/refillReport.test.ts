import { assert, it } from "@effect/vitest"
import { refillLines } from "../../src/cli/refill.ts"
import { codeBlocks, fileOf } from "../docs/Markdown.ts"
import { refilling } from "../operations/refill.ts"

it("what is shown of a refill is what the documents show", () => {
  const shown = codeBlocks(fileOf("docs/commands.md")).map(({ code }) => code)
  assert.include(shown.join("\n"), refillLines(refilling).join("\n"))
})
