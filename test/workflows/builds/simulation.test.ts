import { describe, it } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { sized } from "../../support/size.ts"
import { randomBuilds, simulate } from "../../support/workflows/simulation.ts"

/** To repeat one failure: `SIMULATION_SEED=<seed> npx vitest run test/workflows/builds/simulation.test.ts`. */
const { SIMULATION_SEED: only, BUILD_SIMULATION_SEEDS: count = sized("8", "60") } = process.env
const seeds = only === undefined ? Array.from({ length: Number(count) }, (_, index) => index + 1) : [Number(only)]
const length = { commands: 25, days: 10 }
const batch = 20

describe("a project that builds from git under random commands, fates and crashes", () => {
  for (let first = 0; first < seeds.length; first += batch) {
    const some = seeds.slice(first, first + batch)
    it.effect(`keeps every invariant, its slots included, with seeds ${some[0]} to ${some.at(-1)}`, () =>
      Effect.forEach(
        some,
        (seed) =>
          Effect.catchAllCause(simulate(seed, length, { builder: randomBuilds(seed), github: {} }), (cause) =>
            Effect.dieMessage(`seed ${seed}: ${Cause.pretty(cause)}`)
          ),
        { discard: true }
      )
    )
  }
})
