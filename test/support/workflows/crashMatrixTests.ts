import { assert, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import { crashMatrix, type MatrixOptions, nameOf } from "effect-restate/testing"
import { type KillPoint, killPoints } from "./killPoints.ts"
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

interface Size {
  /** Full: a kill at every point of every story, and all pairs. Else a kill at every step of every branch, and a few pairs. */
  readonly isFull: boolean
}

/** All kills of the matrix, unless it is told which, and the pairs that this run asks for. */
const matrixOf = (matrix: MatrixOptions, killed: ReadonlyArray<KillPoint> | undefined): MatrixOptions => {
  if (requestedPairs > 0) return { ...matrix, pairs }
  if (killed === undefined) return matrix
  const names = new Set(killed.map(({ point }) => nameOf(point)))
  return {
    ...matrix,
    kills: (point) => names.has(nameOf(point)),
    ...(matrix.pairs === undefined ? {} : { pairs: fewPairs }),
    suspendedKills: fewSuspendedKills
  }
}

/** One test per story: killed at its journal positions, suspended, shuffled, delivered twice, it ends the same. */
export const crashMatrixTests = <More = never>(
  stories: Readonly<Record<string, Story<More>>>,
  { isFull }: Size
): void => {
  const chosen = Effect.runSync(Effect.cached(killPoints(stories)))
  for (const [name, { run, world, matrix }] of Object.entries(stories))
    it.effect(`ends the same however it is disturbed: ${name}`, () =>
      Effect.gen(function* () {
        const killed = isFull ? undefined : (yield* chosen)[name]?.killed
        const { points, runs } = yield* crashMatrix(scenario(run, world), matrixOf(matrix, killed))
        if (requestedPairs > 0) yield* Console.log(`${points.length} points, ${runs} runs: ${name}`)
        assert.isAtLeast(points.length, minPoints, "journal points reached")
        assert.isAbove(runs, (killed ?? points).length, "a run for each kill")
      })
    )
}
