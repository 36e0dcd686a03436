import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { keyRow, seedKey } from "../../support/memory/keySeeds.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { on } from "../../support/workflows/ControlPlane.ts"
import { rows } from "../../support/workflows/queries.ts"
import { runRefill, withUpkeep } from "../../support/workflows/Upkeep.ts"

interface Expectation {
  readonly key: Partial<Tables["keys"]>
  readonly date: string
  readonly refilled: boolean
}

/** What Unkey's own tests of its Go worker expect (`run_refill_handler_test.go`, 0dc99f91bd), by their names. */
const expectations: Readonly<Record<string, Expectation>> = {
  "refills keys with daily refill (refill_day=NULL)": { key: { refill_day: null }, date: "2026-02-24", refilled: true },
  "refills keys with matching day of month": { key: { refill_day: 24 }, date: "2026-02-24", refilled: true },
  "skips keys with non-matching day of month": { key: { refill_day: 25 }, date: "2026-02-24", refilled: false },
  "skips keys that are already full": { key: { remaining_requests: 1000 }, date: "2026-02-24", refilled: false },
  "creates audit logs for refilled keys": { key: { remaining_requests: 0 }, date: "2026-02-24", refilled: true },
  "refills keys on last day of month when refill_day exceeds month length": {
    key: { refill_day: 31 },
    date: "2025-02-28",
    refilled: true
  },
  "skips deleted keys": { key: { deleted_at_m: 1 }, date: "2026-02-24", refilled: false }
}

describe("what Unkey's own tests expect of a refill", () => {
  for (const [name, { date, key, refilled }] of Object.entries(expectations))
    it.effect(`holds: ${name}`, () =>
      Effect.gen(function* () {
        const remaining_requests = key.remaining_requests ?? 100
        yield* seedKey("key_1", { refill_amount: 1000, refill_day: null, ...key, remaining_requests })
        const { keysRefilled } = Either.getOrThrow(yield* runRefill(`${date}-test-a1b2c3d4`))
        assert.strictEqual(keysRefilled, refilled ? 1 : 0)
        assert.deepInclude(yield* keyRow("key_1"), { remaining_requests: refilled ? 1000 : remaining_requests })
        assert.lengthOf((yield* rows).audit_log, refilled ? 1 : 0)
      }).pipe(on(withUpkeep()))
    )

  it.effect("is idempotent with same date key", () =>
    Effect.gen(function* () {
      yield* seedKey("key_1", { refill_amount: 1000, remaining_requests: 100 })
      yield* seedKey("key_2", { refill_amount: 1000, remaining_requests: 100 })
      const runs = [yield* runRefill("2026-02-24-test-idem"), yield* runRefill("2026-02-24-test-idem")]
      assert.deepStrictEqual(runs.map(Either.getOrThrow), [{ keysRefilled: 2 }, { keysRefilled: 0 }])
    }).pipe(on(withUpkeep()))
  )
})
