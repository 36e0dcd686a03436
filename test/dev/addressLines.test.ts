import { assert, describe, it } from "@effect/vitest"
import { addressLines } from "../../dev/stack/stayUp.ts"

describe("the addresses of a stack", () => {
  it("begin with those that are opened in a browser", () => {
    assert.deepStrictEqual(
      addressLines({ ingress: "http://i", ui: "http://u", traces: "http://t", console: "http://c" }),
      [
        "In the browser:",
        "  console    http://c",
        "  Restate UI http://u",
        "  traces     http://t",
        "For programs, also in .dev/stack.json:",
        "  ingress    http://i"
      ]
    )
  })
})
