import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sized } from "../support/size.ts"
import { productionDay } from "../support/workflows/productionDay.ts"

/** Another size or day: `DAY_PROJECTS=200 DAY_SEED=2 npx vitest run test/workflows/productionDay.test.ts`. */
const projects = Number(process.env.DAY_PROJECTS ?? sized(10, 1000))
const seed = Number(process.env.DAY_SEED ?? 1)
const timeout = 3_600_000

describe("a day of production with deploys, builds, domains, certificates and scheduled jobs", () => {
  it.effect(
    "keeps every invariant under crashes, restarts and repeated deliveries, and does all that is due",
    () =>
      Effect.map(productionDay({ projects, seed }), ({ deploys, domains, invocations, journalBytes }) => {
        globalThis.console.info(
          `${projects} projects: ${deploys} deploys, ${invocations} invocations, ${journalBytes} bytes of journaled answers`
        )
        assert.isAtLeast(deploys, 2 * projects)
        assert.isAtLeast(domains, 4)
      }),
    timeout
  )
})
