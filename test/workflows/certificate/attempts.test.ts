import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { nextIssuanceAt, retryDelay, withIssuance } from "../../../src/workflows/certificate/order/attempts.ts"

const hour = 3_600_000
const day = 24 * hour
const now = Date.UTC(2030, 0, 1)

describe("the guard against loops", () => {
  it("lets a second certificate of a day through and holds the third until the first is a day old", () => {
    assert.strictEqual(nextIssuanceAt([], now), now)
    assert.strictEqual(nextIssuanceAt([now - hour], now), now)
    assert.strictEqual(nextIssuanceAt([now - 2 * hour, now - hour], now), now + 22 * hour)
    assert.strictEqual(nextIssuanceAt([now - day, now - hour], now), now)
  })

  it("never lets three through within a day, whatever the clock does, and stays small", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -day, max: 2 * day }), { maxLength: 60 }), (jumps) => {
        let time = now
        let issued: ReadonlyArray<number> = []
        const all: Array<number> = []
        for (const jump of jumps) {
          time += jump
          if (nextIssuanceAt(issued, time) > time) continue
          all.push(time)
          issued = withIssuance(issued, time)
          const within = all.filter((other) => other > time - day && other <= time)
          assert.isAtMost(within.length, jumps.every((each) => each >= 0) ? 2 : 4)
          assert.isAtMost(issued.length, 4)
        }
      })
    )
  })
})

describe("tries after a failure", () => {
  it("[W16] come after an hour, doubling to 32 hours", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6, 7, 50].map((count) => retryDelay(count) / hour),
      [1, 2, 4, 8, 16, 32, 32, 32]
    )
  })
})
