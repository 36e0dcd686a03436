import { assert, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import { crashMatrix, type MatrixOptions } from "effect-restate/testing"
import type { Story } from "./Story.ts"
import { scenario } from "./scenario.ts"

/** Fewer points than this, and the story ended before it reached the code it is about. */
const minPoints = 3

/**
 * `MATRIX_PAIRS=500`: kills every story twice at this many pairs of points, and at all pairs where it has 20 entries or fewer
 * (three points each), and says how many runs that took. Takes long, hence `--testTimeout=3600000`.
 */
const requestedPairs = Number(process.env.MATRIX_PAIRS ?? 0)
const shortStory = 20 * 3
const pairs = (points: number) => (points <= shortStory ? points * points : requestedPairs)

/** Of two disturbances in one run, so many where not all are wanted. */
const fewPairs = 10
const fewSuspendedKills = 4

const reduced = (matrix: MatrixOptions): MatrixOptions => ({
  ...matrix,
  ...(matrix.pairs === undefined ? {} : { pairs: fewPairs }),
  suspendedKills: fewSuspendedKills
})

interface Size {
  /** Two disturbances in one run: everywhere, or at a few points. A single one is made at every point in any case. */
  readonly isFull: boolean
}

const matrixOf = (matrix: MatrixOptions, { isFull }: Size): MatrixOptions => {
  if (requestedPairs > 0) return { ...matrix, pairs }
  return isFull ? matrix : reduced(matrix)
}

/** One test per story: killed at every journal position, suspended, shuffled, delivered twice, it ends the same. */
export const crashMatrixTests = <More = never>(stories: Readonly<Record<string, Story<More>>>, size: Size): void => {
  for (const [name, { run, world, matrix }] of Object.entries(stories))
    it.effect(`ends the same however it is disturbed: ${name}`, () =>
      Effect.gen(function* () {
        const { points, runs } = yield* crashMatrix(scenario(run, world), matrixOf(matrix, size))
        if (requestedPairs > 0) yield* Console.log(`${points.length} points, ${runs} runs: ${name}`)
        assert.isAtLeast(points.length, minPoints, "journal points reached")
      })
    )
}
