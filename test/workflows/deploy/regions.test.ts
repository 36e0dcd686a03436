import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import fc from "fast-check"
import { decideRegions } from "../../../src/workflows/deploy/regions.ts"

const placed = (config: Record<string, unknown>, available: ReadonlyArray<string>) =>
  Either.getOrThrow(decideRegions(config, available))

const refused = (config: Record<string, unknown>, available: ReadonlyArray<string>) =>
  Either.getOrThrow(Either.flip(decideRegions(config, available)))

describe("placing a deployment", () => {
  it("uses exactly the configured regions with their counts", () => {
    assert.deepStrictEqual(placed({ b: 2, a: 1 }, ["a", "b", "c"]), [
      { region: "a", replicas: 1 },
      { region: "b", replicas: 2 }
    ])
  })

  it("uses every available region with one replica when none is configured", () => {
    assert.deepStrictEqual(placed({}, ["b", "a", "b"]), [
      { region: "a", replicas: 1 },
      { region: "b", replicas: 1 }
    ])
  })

  it("takes only regions that frontline knows when the available ones are not configured: an environment's text is never a region's key", () => {
    assert.deepStrictEqual(placed({ "local.dev": 1 }, []), [{ region: "local.dev", replicas: 1 }])
    assert.deepStrictEqual(refused({ "local.dev": 1, gjkkjbcaa: 1 }, []), {
      field: "region_config",
      problem: "region gjkkjbcaa is not available"
    })
  })

  it("refuses to run nowhere, so that nothing is reported ready with nothing running", () => {
    assert.deepStrictEqual(refused({}, []), {
      field: "available_regions",
      problem: "there is no region to run in"
    })
  })

  it("refuses a region that is not available, by name", () => {
    assert.deepStrictEqual(refused({ a: 1, mars: 1 }, ["a"]), {
      field: "region_config",
      problem: "region mars is not available"
    })
  })

  it("takes a region that frontline knows, also where only others are available", () => {
    assert.deepStrictEqual(placed({ "eu-west-1.aws": 2 }, ["local.dev"]), [{ region: "eu-west-1.aws", replicas: 2 }])
  })

  it.each([0, -1, 1.5, 1001, Number.NaN, Number.POSITIVE_INFINITY, "2", null, true])(
    "refuses %j replicas",
    (replicas) => {
      assert.deepStrictEqual(refused({ a: replicas }, ["a"]), {
        field: "region_config",
        problem: "region a needs 1 to 1000 replicas"
      })
    }
  )

  it("refuses more regions than one change may fan out to, and names that no column can hold", () => {
    const names = Array.from({ length: 33 }, (_, at) => `r${at}`)
    assert.strictEqual(refused({}, names).field, "available_regions")
    assert.strictEqual(refused({ "": 1 }, []).problem, "a region name is empty or too long")
    assert.strictEqual(refused({ ["x".repeat(65)]: 1 }, []).problem, "a region name is empty or too long")
  })

  it("orders regions by name, whatever the order of the setting, so that a replay makes the same calls", () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 64 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(names, (regions) => {
        const config = (order: ReadonlyArray<string>) => Object.fromEntries(order.map((region) => [region, 1]))
        const forwards = placed(config(regions), regions)
        assert.deepStrictEqual(forwards, placed(config(regions.toReversed()), regions.toReversed()))
        const order = forwards.map(({ region }) => region)
        assert.deepStrictEqual(order, order.toSorted())
      })
    )
  })
})
