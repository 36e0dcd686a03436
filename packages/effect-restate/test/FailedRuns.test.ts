import { assert, describe, it } from "@effect/vitest"
import { FailedRuns, nextRetryMillis } from "../src/attempt/FailedRuns.ts"

const due = (runs: FailedRuns, times: number, step = "load", type = "Busy") =>
  Array.from({ length: times }, () => runs.failed("inv_1", step, type))
    .filter(({ isDue }) => isDue)
    .map(({ attempt }) => attempt)

describe("the failed runs of a step", () => {
  it("are due less and less often, each step for itself", () => {
    const runs = new FailedRuns()
    assert.deepStrictEqual(due(runs, 365), [1, 2, 4, 8, 16, 32, 64, 128, 256])
    assert.deepStrictEqual(due(runs, 3, "store"), [1, 2])
  })

  it("are due when the error is another than before", () => {
    const runs = new FailedRuns()
    assert.deepStrictEqual(due(runs, 6), [1, 2, 4])
    assert.deepStrictEqual(due(runs, 1, "load", "Refused"), [7])
  })

  it("begin anew once the step is over", () => {
    const runs = new FailedRuns()
    due(runs, 3)
    runs.ended("inv_1", "load")
    assert.deepStrictEqual(due(runs, 1), [1])
  })

  it("are forgotten, the oldest first, where there are too many steps", () => {
    const runs = new FailedRuns()
    due(runs, 3, "oldest")
    for (let n = 0; n < 10_000; n++) due(runs, 1, `step ${n}`)
    assert.deepStrictEqual(due(runs, 1, "oldest"), [1])
    assert.deepStrictEqual(due(runs, 1, "step 9999"), [2])
  })
})

describe("the wait before the next run", () => {
  it("grows up to its longest", () => {
    const retry = { initialInterval: "250 millis", factor: 2, maxInterval: "10 seconds" } as const
    assert.deepStrictEqual(
      [1, 2, 6, 7, 365].map((attempt) => nextRetryMillis(retry, attempt)),
      [250, 500, 8_000, 10_000, 10_000]
    )
  })

  it("is not known where the server decides, and after the last attempt there is none", () => {
    assert.isUndefined(nextRetryMillis({}, 1))
    assert.isUndefined(nextRetryMillis({ initialInterval: 10, maxAttempts: 3 }, 3))
    assert.strictEqual(nextRetryMillis({ initialInterval: 10, maxAttempts: 3 }, 2), 20)
  })
})
