import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as fc from "fast-check"
import { planWindow } from "./planWindow.ts"

const reasonOf = (minutes: number) =>
  Either.match(planWindow(minutes, 0), { onLeft: ({ reason }) => reason, onRight: () => null })

describe("a maintenance window", () => {
  for (const [minutes, reason] of [
    [0, "no_time"],
    [-5, "no_time"],
    [1, null],
    [480, null],
    [481, "too_long"]
  ] as const)
    it(`of ${minutes} minutes is ${reason ?? "accepted"}`, () => assert.strictEqual(reasonOf(minutes), reason))

  it("lasts exactly as long as it was asked to, whenever it begins", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 480 }), fc.integer({ min: 0 }), (minutes, now) => {
        const { closesAt, opensAt } = Either.getOrThrow(planWindow(minutes, now))
        assert.deepStrictEqual([opensAt, closesAt - opensAt], [now, minutes * 60_000])
      })
    )
  })
})
