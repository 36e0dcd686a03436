import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import fc from "fast-check"
import { acmeProblemOf } from "../../../src/layers/acme/acmeProblemOf.ts"
import { AcmeProblem } from "../../../src/services/certificate/Acme.ts"

const stated = (data: unknown, { contentType = "application/problem+json", status = 400 } = {}) =>
  acmeProblemOf("order", { status, headers: {}, contentType, text: "", data }, 0)

/** The maximum size of a step's journaled result. */
const largestResult = 256 * 1024

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constant("\u0000".repeat(5_000)),
  fc.constant("\u{1F4A5}".repeat(3_000))
)
const document = fc.record(
  {
    type: text,
    detail: text,
    subproblems: fc.array(
      fc.record({ type: text, detail: text, identifier: fc.record({ value: text }) }, { requiredKeys: [] }),
      { maxLength: 200, size: "max" }
    )
  },
  { requiredKeys: [] }
)

describe("a problem document", () => {
  it("of any size is a problem that a step can keep, and that reads the same from the journal", () => {
    fc.assert(
      fc.property(document, (data) => {
        const problem = Option.getOrThrow(stated(data))
        const encoded = JSON.stringify(Schema.encodeSync(AcmeProblem)(problem))
        assert.isBelow(Buffer.byteLength(encoded), largestResult)
        assert.deepEqual(Schema.decodeSync(AcmeProblem)(JSON.parse(encoded)), problem)
      }),
      { numRuns: 30 }
    )
  })

  it("is no problem when it is anything else, whatever it is", () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        assert.isTrue(Option.isNone(stated(data, { contentType: "application/json" })))
      })
    )
  })

  it("is one for every answer of 429, which says enough", () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        const limited = stated(data, { contentType: "text/html", status: 429 })
        assert.strictEqual(Option.getOrThrow(limited).type, "rateLimited")
      })
    )
  })
})
