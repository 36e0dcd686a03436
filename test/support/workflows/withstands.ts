import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix } from "../../../src/restate/testing/CrashMatrix.ts"
import { scenario } from "./scenario.ts"
import type { Story } from "./stories.ts"

/** Fewer points than this, and the story ended before it reached the code it is about. */
const fewestPoints = 3

/** One test per story: killed at every journal position, suspended, shuffled, delivered twice, it ends the same. */
export const withstandsEverything = <More = never>(stories: Readonly<Record<string, Story<More>>>): void => {
  for (const [name, { run, world, matrix }] of Object.entries(stories))
    it.effect(`ends the same however it is disturbed: ${name}`, () =>
      Effect.gen(function* () {
        const { points } = yield* crashMatrix(scenario(run, world), matrix)
        assert.isAtLeast(points.length, fewestPoints, "journal points reached")
      })
    )
}
