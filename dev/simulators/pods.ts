import { Duration } from "effect"

/** The parts of a pod that krane uses: its phase and its condition ContainersReady. */
export interface Pod {
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown"
  readonly containersReady: boolean
}

export type ReportedStatus = "pending" | "running" | "failed" | "inactive"

/**
 * The status that krane reports for a pod and the control API stores for its instance
 * (`svc/krane/internal/deployment/state.go`). A container that has not passed its health check, or restarts repeatedly, leaves
 * its pod in phase Running but not ready: krane reports both as failed.
 */
export const statusOf = ({ containersReady, phase }: Pod): ReportedStatus => {
  switch (phase) {
    case "Pending":
      return "pending"
    case "Running":
      return containersReady ? "running" : "failed"
    case "Failed":
      return "failed"
    default:
      return "inactive"
  }
}

export const pendingPod: Pod = { phase: "Pending", containersReady: false }
export const readyPod: Pod = { phase: "Running", containersReady: true }
/** Started but not healthy, or in restart back-off. */
export const unreadyPod: Pod = { phase: "Running", containersReady: false }

/** A pod's states and their durations until its final state. */
export interface Stage {
  readonly pod: Pod
  readonly lasts: Duration.Duration
}

export const unreadyFor = (lasts: Duration.DurationInput): ReadonlyArray<Stage> => [
  { pod: unreadyPod, lasts: Duration.decode(lasts) }
]

/** Crashes this often, with Kubernetes' doubling back-off, and restarts. */
export const replaced = (times: number, firstPause: Duration.DurationInput): ReadonlyArray<Stage> =>
  Array.from({ length: times }, (_, nth) => Duration.times(firstPause, 2 ** nth)).flatMap((pause) => [
    { pod: unreadyPod, lasts: pause },
    { pod: pendingPod, lasts: Duration.times(pause, 0.5) }
  ])
