import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { freePort } from "../../dev/stack/Port.ts"

describe("a free port", () => {
  it.live("is never given out twice by one process, however many components ask at once", () =>
    Effect.gen(function* () {
      const wanted = 400
      const ports = yield* Effect.replicateEffect(freePort, wanted, { concurrency: 16 })
      // Among 400 draws from 17,000 numbers some would be equal in 99 of 100 runs.
      assert.strictEqual(new Set(ports).size, wanted)
    })
  )
})
