import { assert, describe, it } from "@effect/vitest"
import { alternates, endsAt, isChain } from "../../../src/layers/acme/chains.ts"

describe("the alternates of a chain", () => {
  for (const [link, expected] of [
    [undefined, []],
    ['<https://ca.test/cert/1/1>;rel="alternate"', ["https://ca.test/cert/1/1"]],
    ["<https://ca.test/1>; rel=alternate", ["https://ca.test/1"]],
    [
      '<https://ca.test/dir>;rel="index", <https://ca.test/1>;title="one";rel="alternate", <https://ca.test/2>;rel="alternate"',
      ["https://ca.test/1", "https://ca.test/2"]
    ],
    ['<https://ca.test/up>;rel="up"', []],
    ["nonsense", []]
  ] as const)
    it(`are ${expected.length} in ${link}`, () => {
      assert.deepStrictEqual(alternates(link), [...expected])
    })

  it("are not looked for in what is not a chain", () => {
    for (const text of ["", "<html>", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]) {
      assert.isFalse(isChain(text))
      assert.isFalse(endsAt(text, "a root"))
    }
  })
})
