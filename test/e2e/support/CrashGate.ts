import { Effect } from "effect"
import { eventually, type NotSeen } from "./eventually.ts"
import type { Passage } from "./WorkerProxy.ts"

/** A message of a deploy, such as `hydra.v1.DeployService/Deploy: Run enter-queued`. */
export type Place = string

/**
 * Learns what a worker tells Restate in the course of a project's deploy, and stops other projects' deploys at such places:
 * the worker has done its part, Restate does not know it. Killing the worker then loses exactly that.
 */
export class CrashGate {
  readonly #recorded = new Set<Place>()
  readonly #wanted = new Map<string, Place>()
  readonly #held = new Set<string>()
  #recording: string | undefined

  /** The places that the effect passes in deploys of this project, each once, in order. */
  record<A, E, R>(project: string, effect: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<Place>, E, R> {
    return Effect.suspend(() => {
      this.#recorded.clear()
      this.#recording = project
      return Effect.map(effect, () => {
        this.#recording = undefined
        return [...this.#recorded]
      })
    })
  }

  /** Stops the next deploy of each project at its place. */
  holdAt(places: ReadonlyMap<string, Place>): void {
    this.#held.clear()
    for (const [project, place] of places) this.#wanted.set(project, place)
  }

  /** Waits until every deploy that is to be stopped is. */
  readonly allHeld: Effect.Effect<unknown, NotSeen> = eventually(
    "deploys stop at their places",
    Effect.sync(() => [...this.#wanted].filter(([project]) => !this.#held.has(project))),
    (missing) => missing.length === 0
  ).pipe(Effect.zipLeft(Effect.sync(() => this.#wanted.clear())))

  readonly inspect = (passage: Passage): "pass" | "hold" => {
    const place = `${passage.target}: ${passage.kind} ${passage.name}`.trimEnd()
    if (this.#recording !== undefined && passage.mentions(this.#recording)) this.#recorded.add(place)
    for (const [project, wanted] of this.#wanted) {
      if (wanted !== place || !passage.mentions(project)) continue
      this.#held.add(project)
      return "hold"
    }
    return "pass"
  }
}
