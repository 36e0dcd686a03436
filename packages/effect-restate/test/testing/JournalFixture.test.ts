import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { compareJournals } from "../../src/testing/JournalFixture.ts"

const recorded = { "Shop/1/Buy#1": ["run reserve", "sleep", "run pay", "call Mail/Send"], "Mail/Send#1": ["run send"] }

const withJournal = (...names: ReadonlyArray<string>) => ({ ...recorded, "Shop/1/Buy#1": names })

const changes: ReadonlyArray<readonly [what: string, current: Record<string, ReadonlyArray<string>>, index: number]> = [
  ["a step that has another name", withJournal("run reserve", "sleep", "run charge", "call Mail/Send"), 2],
  ["a step that is gone", withJournal("run reserve", "run pay", "call Mail/Send"), 1],
  ["a step that is new", withJournal("run check", "run reserve", "sleep", "run pay", "call Mail/Send"), 0],
  ["steps in another order", withJournal("run reserve", "run pay", "sleep", "call Mail/Send"), 1],
  ["an entry of another kind", withJournal("run reserve", "sleep", "run pay", "send Mail/Send"), 3],
  ["an end that comes earlier", withJournal("run reserve", "sleep", "run pay"), 3],
  ["an end that comes later", withJournal("run reserve", "sleep", "run pay", "call Mail/Send", "run thank"), 4],
  ["an invocation that is not made any more", { "Mail/Send#1": ["run send"] }, 0]
]

const journal = fc.array(fc.constantFrom("run a", "run b", "sleep", "now", "call S/h"), { maxLength: 8 })

describe("comparing a recorded journal with today's", () => {
  it.each(changes)("notices %s, at its place", (_, current, index) => {
    const differences = compareJournals(recorded, current)
    assert.deepStrictEqual(
      differences.map((difference) => [difference.invocation, difference.index]),
      [["Shop/1/Buy#1", index]]
    )
  })

  it("is content with the same journals, and with invocations that the record does not have", () => {
    assert.deepStrictEqual(compareJournals(recorded, { ...recorded, "Audit/Write#1": ["run write"] }), [])
  })

  it("finds the first difference of any two journals, and none exactly when they are equal", () => {
    fc.assert(
      fc.property(journal, journal, (before, after) => {
        const [difference] = compareJournals({ x: before }, { x: after })
        if (difference === undefined) assert.deepStrictEqual(after, before)
        else {
          assert.notStrictEqual(before[difference.index], after[difference.index])
          assert.deepStrictEqual(before.slice(0, difference.index), after.slice(0, difference.index))
        }
      })
    )
  })
})
