import { Schema } from "effect"
import { BuildState } from "../../../services/builds/Builder.ts"
import { heartbeatInterval } from "../../builds/slotQueue.ts"

/** Restarts after the builder lost the build. A fourth loss indicates that the build crashes the builder. */
export const maxRestarts = 3

/** The state that one poll observed. `Unreachable`: no answer, which is no evidence about the build. */
export const BuildObservation = Schema.Struct({
  at: Schema.Number,
  state: Schema.Union(BuildState, Schema.TaggedStruct("Unreachable", { reason: Schema.String }))
})
export type BuildObservation = typeof BuildObservation.Type

/** Times in Unix milliseconds. */
export interface BuildProgress {
  readonly startedAt: number
  /** When the slot's lease was renewed last. */
  readonly renewedAt: number
  /** Whether the builder is known to have accepted the build. */
  readonly isStarted: boolean
  /** Why the builder has not accepted it; empty when it has. */
  readonly lastProblem: string
  readonly restarts: number
}

type Succeeded = Extract<BuildState, { readonly _tag: "Succeeded" }>

/** `isAgain`: the builder does not know the build, so it is to be started again. */
export type BuildDecision =
  | { readonly _tag: "Succeeded"; readonly built: Succeeded }
  | { readonly _tag: "Failed"; readonly problem: string }
  | { readonly _tag: "Wait"; readonly isAgain: boolean; readonly isRenewalDue: boolean }

const minutes = (millis: number): string => {
  const count = Math.round(millis / 60_000)
  return `${count} ${count === 1 ? "minute" : "minutes"}`
}

/**
 * What an observation means for a running build. A result counts even after the deadline; only an unfinished build can
 * be late.
 */
export const decideBuild = (
  progress: BuildProgress,
  { at, state }: BuildObservation,
  deadline: number
): BuildDecision => {
  if (state._tag === "Succeeded") return { _tag: "Succeeded", built: state }
  if (state._tag === "Failed") return { _tag: "Failed", problem: state.message }
  const isLost = state._tag === "Unknown" && progress.isStarted
  if (isLost && progress.restarts >= maxRestarts)
    return { _tag: "Failed", problem: `the builder lost this build ${maxRestarts + 1} times; try again later` }
  if (at - progress.startedAt >= deadline) {
    const lastProblem = state._tag === "Unreachable" ? state.reason : progress.lastProblem
    const cause = lastProblem === "" ? "" : `; the builder's last problem: ${lastProblem}`
    return { _tag: "Failed", problem: `the build did not finish within ${minutes(deadline)}${cause}` }
  }
  return {
    _tag: "Wait",
    isAgain: isLost || !progress.isStarted,
    isRenewalDue: at - progress.renewedAt >= heartbeatInterval
  }
}
