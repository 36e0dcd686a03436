import { Effect } from "effect"
import { RestateClient } from "../../support/stack/Restate.ts"
import type { CrashGate, Place } from "./CrashGate.ts"
import { unfinished } from "./deploys.ts"
import { eventually } from "./eventually.ts"
import { Workers } from "./Stack.ts"

/** A subject of its own for each place; none is a part of another. */
export const oneSubjectEach = (prefix: string, places: ReadonlyArray<Place>): ReadonlyMap<string, Place> =>
  new Map(places.map((place, n) => [`${prefix}-${String(n).padStart(3, "0")}`, place]))

/** At most so many of the places, evenly from first to last. */
export const spread = (places: ReadonlyArray<Place>, atMost: number): ReadonlyArray<Place> => {
  const step = Math.max(1, (places.length - 1) / (atMost - 1))
  return places.filter((_, n) => n === Math.round(Math.round(n / step) * step))
}

/** Sends one piece of work for each subject and waits until each stands at its place. Answers with the invocations. */
export const stopAtPlaces = Effect.fnUntraced(function* <E, R>(
  gate: CrashGate,
  places: ReadonlyMap<string, Place>,
  send: (subject: string) => Effect.Effect<string, E, R>
) {
  gate.holdAt(places)
  const invocations = yield* Effect.forEach(places.keys(), send)
  yield* gate.allHeld
  return invocations
})

/**
 * Kills the worker while each subject stands at its own place, and starts it again. Answers with what the callers are told,
 * once nothing is left to do.
 */
export const killAtPlaces = Effect.fnUntraced(function* <E, R>(
  gate: CrashGate,
  places: ReadonlyMap<string, Place>,
  send: (subject: string) => Effect.Effect<string, E, R>
) {
  const restate = yield* RestateClient
  const { first: worker } = yield* Workers
  const invocations = yield* stopAtPlaces(gate, places, send)
  yield* worker.kill("SIGKILL")
  yield* worker.restart
  const replies = yield* Effect.forEach(invocations, restate.attach)
  yield* eventually("the end of every invocation", unfinished, (left) => left.length === 0)
  return replies
})
