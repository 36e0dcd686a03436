import { describe, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { sized } from "../support/size.ts"
import { simulate } from "../support/workflows/simulation.ts"

/** To repeat one failure: `SIMULATION_SEED=<seed> npx vitest run test/workflows/simulation.test.ts`. More: `SIMULATION_SEEDS=5000`. */
const { SIMULATION_SEED: only, SIMULATION_SEEDS: count = sized("20", "1000") } = process.env
const seeds = only === undefined ? Array.from({ length: Number(count) }, (_, index) => index + 1) : [Number(only)]
const length = { commands: 25, days: 10 }
const batch = 50

describe("a project under random commands, fates and crashes", () => {
  for (let first = 0; first < seeds.length; first += batch) {
    const some = seeds.slice(first, first + batch)
    it.effect(`keeps every invariant with seeds ${some[0]} to ${some.at(-1)}`, () =>
      Effect.forEach(
        some,
        (seed) =>
          Effect.catchAllCause(simulate(seed, length), (cause) =>
            Effect.dieMessage(`seed ${seed}: ${Cause.pretty(cause)}`)
          ),
        { discard: true }
      )
    )
  }
})
