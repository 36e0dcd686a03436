import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cancellationMatrix, type MemoryRestateOptions } from "effect-restate/testing"
import { seedCustomDomain } from "../../support/memory/seeds.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import {
  controlApi,
  domain,
  domainRow,
  looks,
  publishAll,
  stateOfRun,
  withDomain,
  withDomains
} from "../../support/workflows/CustomDomains.ts"
import { rows } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

type Sequel = "nothing" | "retry" | "remove" | "add again"

/** Whichever invocation is cancelled, it is within the first 20 s. */
const begun = (then: Sequel) => (disturbance: MemoryRestateOptions) => {
  let isEarly = true
  const { cancels } = disturbance
  const early = cancels && { cancels: (...at: Parameters<typeof cancels>) => (isEarly ? cancels(...at) : undefined) }
  return Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* withDomain()
    yield* controlApi.add
    yield* engine.advance(20_000)
    isEarly = false
    if (then === "retry") yield* controlApi.retry
    if (then === "remove" || then === "add again") yield* controlApi.remove
    if (then === "add again") {
      yield* seedCustomDomain("shop", domain, { id: "dom_again" })
      yield* controlApi.add
    }
    // Whatever was left of the cancelled run has had its last check by then.
    yield* engine.advance(240_000)
    const before = yield* looks
    yield* engine.advance(240_000)
    if (then !== "nothing") assert.strictEqual((yield* looks) - before, then === "remove" ? 0 : 4)
    yield* publishAll
    yield* engine.drain
    assert.deepStrictEqual(unfinished(engine), [])
    assert.deepStrictEqual(yield* stateOfRun, {})
    if (then === "nothing") {
      // Pending: it was cancelled before it began.
      assert.include(["failed", "pending", "verified"], (yield* domainRow).verification_status)
      return
    }
    const { acme_challenges, frontline_routes } = yield* rows
    const count = then === "remove" ? 0 : 1
    assert.deepStrictEqual([acme_challenges.length, frontline_routes.length], [count, count])
    if (then !== "remove") assert.deepInclude(yield* domainRow, { verification_status: "verified" })
  }).pipe(withDomains({ ...disturbance, ...early }))
}

const meanings = {
  nothing: "[W12] leaves a domain that waits for nothing",
  retry: "and a retry leave exactly one run",
  remove: "and a deletion leave nothing",
  "add again": "a deletion and a new beginning leave exactly one run, of the new row"
} as const

describe("a cancellation of any invocation at any point", () => {
  for (const then of ["nothing", "retry", "remove", "add again"] as const)
    it.effect(meanings[then], () =>
      Effect.gen(function* () {
        const { points } = yield* cancellationMatrix(begun(then), {
          of: ({ point }) => [point.invocation],
          suspended: false
        })
        assert.isAbove(points, 20)
      })
    )
})
