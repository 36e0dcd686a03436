import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { deadlinesOf } from "../../src/composition/deadlines.ts"
import { maxInstanceWaitMillis, maxSlotWaitMillis } from "../../src/services/deploy/waitLimits.ts"
import { contracts } from "../docs/contracts.ts"

const minute = 60_000
const hour = 60 * minute
const withBuildsOf = (deadline: Duration.Duration) => deadlinesOf({ builds: { deadline } })

describe("how long handlers may take", () => {
  it("every handler of every contract has a deadline, and nothing else has", () => {
    assert.isAtLeast(contracts.length, 13)
    const handlers = contracts.flatMap(({ handlers, name }) => Object.keys(handlers).map((it) => `${name}/${it}`))
    assert.sameMembers([...withBuildsOf(Duration.minutes(30)).keys()], handlers)
  })

  it("a handler has the deadline of its contract, and two hours without one", () => {
    const deadlines = withBuildsOf(Duration.minutes(30))
    assert.strictEqual(deadlines.get("hydra.v1.KeyRefillService/RunRefill"), 12 * hour)
    assert.strictEqual(deadlines.get("hydra.v1.KeyRefillService/RefillSlice"), 2 * hour)
  })

  it("a deploy may wait for a slot, build and become ready as long as its workflow lets it", () => {
    for (const deadline of [Duration.minutes(5), Duration.minutes(30), Duration.hours(6)]) {
      const allowed = withBuildsOf(deadline).get("hydra.v1.DeployService/Deploy") ?? 0
      const needed = 3 * (maxSlotWaitMillis + Duration.toMillis(deadline)) + maxInstanceWaitMillis
      assert.isAtLeast(allowed, needed + 30 * minute)
    }
  })
})
