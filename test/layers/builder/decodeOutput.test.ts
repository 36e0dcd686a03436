import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { makeOutputDecoder } from "../../../src/layers/builder/decodeOutput.ts"

const chunk = (message: Buffer, vertex = "sha256:a", stream = 1) => ({ vertex, stream, timestamp: null, message })

describe("the output of a build", () => {
  it("is the same text wherever its chunks begin and end, also when steps write at once", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\ufeff"), maxLength: 20 })
    const cuts = fc.array(fc.nat(80), { maxLength: 6 })
    fc.assert(
      fc.property(text, cuts, (whole, ends) => {
        const bytes = Buffer.from(whole)
        const at = [0, ...ends.map((end) => Math.min(end, bytes.length)).sort((a, b) => a - b), bytes.length]
        const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
        const decode = makeOutputDecoder()
        const read = { one: "", other: "", errors: "" }
        for (const part of parts) {
          read.one += decode(chunk(part))
          read.other += decode(chunk(part, "sha256:b"))
          read.errors += decode(chunk(part, "sha256:a", 2))
        }
        assert.deepStrictEqual(read, { one: whole, other: whole, errors: whole })
      })
    )
  })

  it("is well-formed whatever the bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 5 }), (chunks) => {
        const decode = makeOutputDecoder()
        for (const bytes of chunks) assert.isTrue(decode(chunk(Buffer.from(bytes))).isWellFormed())
      })
    )
  })
})
