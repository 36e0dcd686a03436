import type { Effect } from "effect"
import type { MatrixOptions } from "effect-restate/testing"
import type { ControlPlaneOptions, Services } from "./ControlPlane.ts"

/** One handler's path through its code, on a world of its own, with the disturbances its answer must withstand. */
export interface Story<More = never> {
  readonly run: Effect.Effect<unknown, unknown, Services | More>
  readonly world?: ControlPlaneOptions<More>
  readonly matrix: MatrixOptions
}

export const story = (run: Story["run"], matrix: MatrixOptions, world: ControlPlaneOptions = {}): Story => ({
  run,
  matrix,
  world
})

export const twice = { duplicates: true }
/** Short handlers are also killed twice per run. */
export const thorough = { duplicates: true, pairs: 100 }
