import { Effect } from "effect"
import { eventually, type NotSeen } from "./eventually.ts"
import type { Passage } from "./WorkerProxy.ts"

/** A message of a worker, such as `hydra.v1.DeployService/Deploy: Run enter-queued`. */
export type Place = string

/**
 * Learns what a worker tells Restate in the course of one piece of work, and stops others of its kind at such places: the
 * worker has done its part, Restate does not know it. Killing the worker then loses exactly that. A piece of work is known
 * by its subject, a text that the messages of all of its invocations hold and no other's.
 */
export class CrashGate {
  readonly #recorded = new Set<Place>()
  readonly #wanted = new Map<string, Place>()
  readonly #held = new Set<string>()
  #recording: string | undefined

  /** The places that the effect passes with this subject, each once, in order. */
  record<A, E, R>(subject: string, effect: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<Place>, E, R> {
    return Effect.suspend(() => {
      this.#recorded.clear()
      this.#recording = subject
      return Effect.map(effect, () => {
        this.#recording = undefined
        return [...this.#recorded]
      })
    })
  }

  /** Stops each subject at its place, the next time it comes there. */
  holdAt(places: ReadonlyMap<string, Place>): void {
    this.#held.clear()
    for (const [subject, place] of places) this.#wanted.set(subject, place)
  }

  /** Waits until every subject that is to be stopped is. */
  readonly allHeld: Effect.Effect<unknown, NotSeen> = eventually(
    "all stop at their places",
    Effect.sync(() => [...this.#wanted].filter(([subject]) => !this.#held.has(subject))),
    (missing) => missing.length === 0
  ).pipe(Effect.zipLeft(Effect.sync(() => this.#wanted.clear())))

  readonly inspect = (passage: Passage): "pass" | "hold" => {
    const place = `${passage.target}: ${passage.kind} ${passage.name}`.trimEnd()
    if (this.#recording !== undefined && passage.mentions(this.#recording)) this.#recorded.add(place)
    for (const [subject, wanted] of this.#wanted) {
      if (wanted !== place || !passage.mentions(subject)) continue
      this.#held.add(subject)
      return "hold"
    }
    return "pass"
  }
}
