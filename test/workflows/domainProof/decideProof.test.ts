import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  decideProof,
  type ProofSnapshot,
  warningOf,
  withdrawalOf
} from "../../../src/workflows/domainProof/decideProof.ts"

const day = 86_400_000
const at = Date.UTC(2030, 0, 10)
const known = { domainId: "dom_1", since: at - 7 * day }
const decide = (more: Partial<ProofSnapshot>) =>
  decideProof({ domainId: "dom_1", proof: "Missing", known: null, verifiedAt: null, at, daysWithoutProof: 7, ...more })

describe("the proof of a served domain", () => {
  it("that is missing for the first time begins to count, and says until when", () => {
    assert.deepStrictEqual(decide({}), { _tag: "Warn", since: at, isNew: true })
    const later = { known: { ...known, since: at - 7 * day + 1 } }
    assert.deepStrictEqual(decide(later), { _tag: "Warn", since: at - 7 * day + 1, isNew: false })
  })

  it("that has been missing for as many days as the settings say takes the route off", () => {
    assert.deepStrictEqual(decide({ known }), { _tag: "Withdraw", since: known.since })
  })

  it("that is there clears what earlier looks left", () => {
    assert.deepStrictEqual(decide({ known, proof: "Proven" }), { _tag: "Restore", since: known.since })
    assert.deepStrictEqual(decide({ proof: "Proven" }), { _tag: "Nothing" })
  })

  it("of another row, or of one that was verified since, begins to count anew", () => {
    assert.deepInclude(decide({ known, domainId: "dom_2" }), { isNew: true, since: at })
    assert.deepInclude(decide({ known, verifiedAt: known.since + 1 }), { isNew: true, since: at })
    assert.deepInclude(decide({ known, verifiedAt: known.since }), { _tag: "Withdraw" })
  })

  it("takes a route off for nothing but an absence that was seen at both ends of the time", () => {
    const proof = fc.constantFrom("Proven" as const, "Missing" as const, "Unclear" as const)
    fc.assert(
      fc.property(
        proof,
        fc.option(fc.integer({ min: 0, max: 400 })),
        fc.integer({ min: 1, max: 365 }),
        (seen, age, limit) => {
          const before = age === null ? null : { domainId: "dom_1", since: at - age * day }
          const decision = decide({ proof: seen, known: before, daysWithoutProof: limit })
          return (decision._tag === "Withdraw") === (seen === "Missing" && age !== null && age >= limit)
        }
      )
    )
  })

  it("is spoken of in texts that fit the row, of the longest name too", () => {
    const longest = `_unkey.${"a".repeat(246)}`
    assert.isAtMost(warningOf(longest, at, 365).length, 512)
    assert.isAtMost(withdrawalOf(longest, at).length, 512)
  })
})
