import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { deadlinesOf } from "../../src/contract/deadlines.ts"
import { maxWait } from "../../src/workflows/deploy/build/awaitSlot.ts"
import { readinessDeadline } from "../../src/workflows/deploy/readiness.ts"

const minute = 60_000

const folder = fileURLToPath(new URL("../../src/contract", import.meta.url))
const isContract = Schema.is(
  Schema.Struct({ name: Schema.String, handlers: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
)

/** Whatever a file of contracts exports that has a name and handlers. */
const everyContract = Effect.map(
  Effect.promise(() => Promise.all(readdirSync(folder).map((file) => import(`${folder}/${file}`)))),
  (modules) => modules.flatMap((module) => Object.values(module)).filter(isContract)
)

describe("how long handlers may take", () => {
  it.effect("every handler of every contract has a deadline, and nothing else has", () =>
    Effect.gen(function* () {
      const contracts = yield* everyContract
      assert.isAtLeast(contracts.length, 13)
      const handlers = contracts.flatMap(({ handlers, name }) => Object.keys(handlers).map((it) => `${name}/${it}`))
      assert.sameMembers([...deadlinesOf({ deadline: Duration.minutes(30) }).keys()], handlers)
    })
  )

  it("a deploy may wait for a slot, build and become ready as long as its workflow lets it", () => {
    for (const deadline of [Duration.minutes(5), Duration.minutes(30), Duration.hours(6)]) {
      const allowed = deadlinesOf({ deadline }).get("hydra.v1.DeployService/Deploy") ?? 0
      const needed = 3 * (maxWait + Duration.toMillis(deadline)) + readinessDeadline
      assert.isAtLeast(allowed, needed + 30 * minute)
    }
  })
})
