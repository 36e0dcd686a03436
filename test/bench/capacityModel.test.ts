import { assert, describe, it } from "@effect/vitest"
import { calibrate, type Point } from "../../bench/model/calibrate.ts"
import { type Costs, type Demand, demandOf, predict, type Setting } from "../../bench/model/predict.ts"

const none: Demand = { base: 0, perRegion: 0 }
const costs: Costs = {
  worker: { base: 20, perRegion: 5 },
  restate: { base: 10, perRegion: 5 },
  database: { base: 5, perRegion: 5 },
  driver: { base: 5, perRegion: 0 },
  regionLock: 5,
  statements: { base: 30, perRegion: 7 },
  statement: 0.5,
  attempts: 2,
  wait: { base: 80, perRegion: 20 }
}
const setting: Setting = {
  placement: { _tag: "Shared", processors: 2 },
  inFlight: 1,
  regions: 1,
  replicas: 1,
  poolSize: 25,
  concurrentAttempts: 512
}
const apart = { _tag: "Apart", restate: 8, database: 8 } as const

describe("the capacity model", () => {
  it("gives a deploy that is alone the sum of what it takes and what it waits", () => {
    const { millis } = predict(costs, setting)
    // 25 + 15 + 10 + 5 of processors, 25 of the worker's thread, 5 of the lock, 100 of waiting.
    assert.closeTo(millis, 185, 1e-9)
  })

  const bottlenecks: ReadonlyArray<readonly [string, Costs, Setting, string, number]> = [
    ["the processors of a shared machine", costs, { ...setting, inFlight: 200 }, "processors", 2000 / 55],
    ["the one processor of a worker", costs, { ...setting, inFlight: 200, placement: apart }, "worker processor", 40],
    ["two workers", costs, { ...setting, inFlight: 400, placement: apart, replicas: 2 }, "worker processor", 80],
    [
      "the row lock of a region, whatever the number of workers",
      costs,
      { ...setting, inFlight: 2000, placement: apart, replicas: 20 },
      "row lock of region 1",
      200
    ],
    [
      "the connections of a pool",
      { ...costs, statement: 10 },
      { ...setting, inFlight: 400, poolSize: 5, placement: apart },
      "connection pool",
      5000 / 370
    ],
    [
      "a machine of which others leave less than one processor",
      costs,
      { ...setting, inFlight: 100, placement: { _tag: "Shared", processors: 0.5 } },
      "processors",
      500 / 55
    ]
  ]
  for (const [what, of, at, bottleneck, mostPerSecond] of bottlenecks) {
    it(`comes to the rate of ${what}`, () => {
      const found = predict(of, at)
      assert.strictEqual(found.bottleneck, bottleneck)
      assert.closeTo(found.mostPerSecond, mostPerSecond, 1e-6)
      assert.isAtMost(found.perSecond, mostPerSecond + 1e-9)
      assert.isAbove(found.perSecond, 0.95 * mostPerSecond)
    })
  }

  it("has the mean values of a network that was computed by hand", () => {
    const one = { ...costs, worker: none, restate: { base: 30, perRegion: 0 }, database: { base: 10, perRegion: 0 } }
    const network: Costs = { ...one, regionLock: 0, wait: { base: 60, perRegion: 0 } }
    const single = { ...setting, placement: { _tag: "Apart", restate: 1, database: 1 }, inFlight: 2 } as const
    // One customer: 100 ms, queues of 0.3 and 0.1. Two: 30 * 1.3 + 10 * 1.1 + 60 = 110 ms.
    assert.closeTo(predict(network, single).millis, 110, 1e-9)
  })

  it("keeps Little's law, gives no less with more, and never more than is possible", () => {
    for (const placement of [setting.placement, apart])
      for (const regions of [1, 2, 3])
        for (const replicas of [1, 2, 4]) {
          let before = 0
          for (let inFlight = 1; inFlight <= 256; inFlight *= 2) {
            const found = predict(costs, { ...setting, placement, regions, replicas, inFlight })
            assert.closeTo((found.perSecond * found.millis) / 1000, inFlight, 1e-6)
            assert.isAtLeast(found.perSecond, before)
            assert.isAtMost(found.perSecond, found.mostPerSecond + 1e-9)
            before = found.perSecond
          }
        }
  })

  it("lets no more deploys run than a worker takes attempts", () => {
    const few = predict(costs, { ...setting, concurrentAttempts: 16, inFlight: 64 })
    const eight = predict(costs, { ...setting, inFlight: 8 })
    assert.closeTo(few.perSecond, eight.perSecond, 1e-9)
    assert.closeTo(few.millis, 8 * eight.millis, 1e-6)
  })

  it("finds the costs again of points that were made from costs", () => {
    const idle = { worker: 10, restate: 20, database: 30, driver: 40 }
    const pointOf = (regions: number, inFlight: number): Point => {
      const timeOf = (part: keyof typeof idle) => demandOf(costs[part], regions) * 50 + idle[part] * 4
      const times = {
        worker: timeOf("worker"),
        restate: timeOf("restate"),
        database: timeOf("database"),
        driver: timeOf("driver")
      }
      const { millis } = predict(costs, { ...setting, regions, inFlight })
      const load = { regions, inFlight, deploys: 50, seconds: 4, processors: 2, attempts: 2 * inFlight }
      return { ...load, times, perSecond: 12.5, meanMillis: millis, p99Millis: millis }
    }
    const found = calibrate({
      idle,
      alone: [pointOf(1, 1), pointOf(3, 1)],
      loaded: [pointOf(1, 8), pointOf(3, 8)],
      changesPerSecond: 200,
      changesPerDeploy: 1,
      statements: costs.statements,
      statementMillis: costs.statement
    })
    for (const part of ["worker", "restate", "database", "driver", "wait"] as const)
      for (const regions of [1, 2, 3])
        assert.closeTo(demandOf(found[part], regions), demandOf(costs[part], regions), 1e-6, part)
    assert.deepStrictEqual([found.regionLock, found.attempts], [5, 2])
  })
})
