import { Duration } from "effect"

/** A pod as far as krane looks at it: its phase, and whether its condition ContainersReady is true. */
export interface Pod {
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown"
  readonly containersReady: boolean
}

export type ReportedStatus = "pending" | "running" | "failed" | "inactive"

/**
 * What krane reports of a pod, and the control API stores as the status of its instance
 * (`svc/krane/internal/deployment/state.go`). A container that has started and has not passed its health check, or that is
 * started again and again, leaves its pod in the phase Running without being ready: krane calls both failed.
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
/** Started, and its health check has not passed; or in the pause before its container is started again. */
export const unreadyPod: Pod = { phase: "Running", containersReady: false }

/** What a pod is for how long on its way to its last state. */
export interface Stage {
  readonly pod: Pod
  readonly lasts: Duration.Duration
}

export const unreadyFor = (lasts: Duration.DurationInput): ReadonlyArray<Stage> => [
  { pod: unreadyPod, lasts: Duration.decode(lasts) }
]

/** Ends so often, stays in Kubernetes' pause, which doubles each time, and is replaced. */
export const replaced = (times: number, firstPause: Duration.DurationInput): ReadonlyArray<Stage> =>
  Array.from({ length: times }, (_, nth) => Duration.times(firstPause, 2 ** nth)).flatMap((pause) => [
    { pod: unreadyPod, lasts: pause },
    { pod: pendingPod, lasts: Duration.times(pause, 0.5) }
  ])
