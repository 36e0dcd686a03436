import { Effect } from "effect"
import type { MemoryRestate, Scenario } from "effect-restate/testing"
import { World } from "../memory/World.ts"
import { ControlPlane, type ControlPlaneOptions, on, type Services } from "./ControlPlane.ts"

const statesOf = (engine: MemoryRestate) =>
  Object.fromEntries(
    engine.invocations
      .map(({ target }) => [`${target.service}/${target.key}`, engine.stateOf(target.service, target.key)] as const)
      .filter(([, state]) => Object.keys(state).length > 0)
  )

/** Invocations that have not ended. Once everything is drained there must be none: each is an object that is stuck. */
export const unfinished = (engine: MemoryRestate): ReadonlyArray<string> =>
  engine.invocations.filter(({ status }) => status !== "completed").map(({ label, status }) => `${label} (${status})`)

/**
 * Everything that must not depend on crashes, once every delayed message is delivered: all rows with all their columns,
 * timestamps included, because virtual time stands still during a crash; the state of every object; what is stuck.
 */
export const observe = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  const world = yield* World
  yield* engine.drain
  return { rows: yield* world.dump, states: statesOf(engine), unfinished: unfinished(engine) }
})

/** A story as the crash matrix wants it: on a new control plane each time, observed at the end together with its answer. */
export const scenario =
  <A, E, More = never>(
    story: Effect.Effect<A, E, Services | More>,
    options: ControlPlaneOptions<More> = {}
  ): Scenario<E, never> =>
  (disturbance) =>
    Effect.all({ answer: story, end: observe }).pipe(on<More>({ ...options, ...disturbance }))
