import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DesiredState } from "./DesiredState.ts"
import { DatabaseRefused, DeploymentIsLive, InvalidRequest, NotFound } from "./errors.ts"
import { id, message } from "./protojson.ts"
import { millis } from "./scalars.ts"

/** Changes the desired state of one deployment, now or later; the last request wins. The key is the deployment id. */
export const DeploymentService = Contract.object("hydra.v1.DeploymentService", {
  /** A delay of zero or less: immediately. */
  ScheduleDesiredStateChange: {
    input: message("hydra.v1.ScheduleDesiredStateChangeRequest", { delayMillis: millis, state: DesiredState }),
    output: message("hydra.v1.ScheduleDesiredStateChangeResponse", {}),
    ingress: "private"
  },
  /** A no-op when `nonce` is not the one of the latest request. */
  ChangeDesiredState: {
    input: message("hydra.v1.ChangeDesiredStateRequest", { nonce: id(), state: DesiredState }),
    output: message("hydra.v1.ChangeDesiredStateResponse", {}),
    error: Schema.Union(InvalidRequest, NotFound, DeploymentIsLive, DatabaseRefused),
    ingress: "private"
  },
  /**
   * Changes the state immediately, cancels the scheduled change, and answers when it is done. A cancellation takes
   * effect only afterwards.
   */
  SetDesiredState: {
    input: message("ctrl_worker.v1.SetDesiredStateRequest", { state: DesiredState }),
    output: message("ctrl_worker.v1.SetDesiredStateResponse", {}),
    error: Schema.Union(InvalidRequest, NotFound, DeploymentIsLive, DatabaseRefused),
    ingress: "private"
  },
  /** Cancels the scheduled change and answers its state, so that the caller can schedule it again. */
  TakeScheduledStateChange: {
    input: message("ctrl_worker.v1.TakeScheduledStateChangeRequest", {}),
    output: message("ctrl_worker.v1.TakeScheduledStateChangeResponse", { state: DesiredState }),
    ingress: "private"
  },
  ClearScheduledStateChanges: {
    input: message("hydra.v1.ClearScheduledStateChangesRequest", {}),
    output: message("hydra.v1.ClearScheduledStateChangesResponse", {}),
    ingress: "private"
  }
})
