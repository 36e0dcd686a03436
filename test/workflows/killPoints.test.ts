import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type KillPoint, killPoints } from "../support/workflows/killPoints.ts"
import { storyGroups } from "../support/workflows/storyGroups.ts"

const stepsOf = (points: ReadonlyArray<KillPoint>) => new Set(points.map(({ steps }) => steps))
const branchesOf = (points: ReadonlyArray<KillPoint>) => new Set(points.map(({ branch }) => branch))

describe("the kills of npm test", () => {
  for (const { name, stories } of storyGroups)
    it.effect(`are at every step of every branch that the stories reach: ${name}`, () =>
      Effect.gen(function* () {
        const points = Object.values(yield* killPoints(stories))
        const reached = points.flatMap((of) => of.reached)
        const killed = points.flatMap((of) => of.killed)
        assert.isNotEmpty(killed)
        assert.deepStrictEqual(stepsOf(killed), stepsOf(reached))
        assert.deepStrictEqual(branchesOf(killed), branchesOf(reached))
      })
    )
})
