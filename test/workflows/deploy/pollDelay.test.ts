import { assert, describe, it } from "@effect/vitest"
import { maxInstanceWaitMillis } from "../../../src/services/deploy/waitLimits.ts"
import { pollDelay } from "../../../src/workflows/deploy/awaitInstances.ts"

const pollsUntil = (deadline: number): number => {
  let polls = 0
  for (let elapsed = 0; elapsed < deadline; elapsed += pollDelay(elapsed)) polls++
  return polls
}

describe("the delay between two looks at the instances", () => {
  it("is a second while most deployments start, and never shorter", () => {
    assert.deepStrictEqual([0, 1, 9_999].map(pollDelay), [1000, 1000, 1000])
  })

  it("grows with the wait, up to five seconds", () => {
    assert.deepStrictEqual([10_000, 59_999, 60_000, 900_000].map(pollDelay), [2000, 2000, 5000, 5000])
  })

  it("keeps the journal of a deployment that never starts below 250 looks", () => {
    assert.strictEqual(pollsUntil(maxInstanceWaitMillis), 203)
  })
})
