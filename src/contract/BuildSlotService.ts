import { Contract } from "effect-restate"
import { id, list, message, optional, word } from "./protojson.ts"
import { bool, int32, millis, text } from "./scalars.ts"

/**
 * `line` is the branch key, an environment and a branch, within which a newer deployment supersedes an older one; empty
 * for none. `bell` is the id of an awakeable of `SlotUpdate`, resolved when a waiting request is granted or superseded.
 */
const RequestRequest = message("ctrl_worker.v1.RequestRequest", {
  deploymentId: id(128),
  buildId: id(63),
  isProduction: bool,
  /** When the deployment was created, in Unix milliseconds: the oldest is served first. */
  createdAt: millis,
  line: text(1024),
  bell: id(128)
})

/** The result of a request. `granted` lasts until `leaseEnds` (Unix milliseconds) unless it is renewed. */
const updateFields = {
  outcome: word("granted", "superseded", "waiting", "refused"),
  leaseEnds: millis,
  /** Of `superseded`: the newer deployment. */
  by: text(128),
  /** Of `waiting`: 1 is granted next. */
  position: int32
}
/** The value that resolves a request's awakeable. */
export const SlotUpdate = message("ctrl_worker.v1.BuildSlotNews", updateFields)
export type SlotUpdate = typeof SlotUpdate.Type

/** The build that holds or requests a slot. */
const holderOf = (title: string) => message(`ctrl_worker.v1.${title}`, { deploymentId: id(128), buildId: id(63) })
const empty = (title: string) => message(`ctrl_worker.v1.${title}`, {})

/**
 * Limits the concurrent builds of a workspace: production before previews, then the oldest deployment. The key is the
 * workspace id. A slot is a lease: a holder that stops renewing loses the slot, and its build is stopped.
 */
export const BuildSlotService = Contract.object("ctrl_worker.v1.BuildSlotService", {
  /** Requests a slot, or renews the request while waiting. Safe to repeat: once granted, the answer stays the same. */
  Request: {
    input: RequestRequest,
    output: message("ctrl_worker.v1.RequestResponse", updateFields),
    ingress: "private"
  },
  /** Renews the lease of a running build. `held` is false when the slot was lost. */
  Renew: {
    input: holderOf("RenewRequest"),
    output: message("ctrl_worker.v1.RenewResponse", { held: bool, leaseEnds: millis }),
    ingress: "private"
  },
  /** Returns the slot, or withdraws the request. A no-op when there is neither. */
  Release: {
    input: holderOf("ReleaseRequest"),
    output: empty("ReleaseResponse"),
    ingress: "private"
  },
  /** The reaper: removes expired leases. Schedules itself while the queue is not empty. */
  Sweep: {
    input: empty("SweepRequest"),
    output: empty("SweepResponse"),
    ingress: "private"
  },
  /** Stops the build of a lost slot, then frees the slot. Shared, so it holds no key while it calls the builder. */
  Reclaim: {
    input: holderOf("ReclaimRequest"),
    output: empty("ReclaimResponse"),
    mode: "shared",
    ingress: "private"
  },
  /** Frees a slot that was reclaimed. */
  Reclaimed: {
    input: holderOf("ReclaimedRequest"),
    output: empty("ReclaimedResponse"),
    ingress: "private"
  },
  /** A deployment's place in the queue, for dashboards. Read-only. */
  Position: {
    input: message("ctrl_worker.v1.PositionRequest", { deploymentId: text(128) }),
    output: message("ctrl_worker.v1.PositionResponse", {
      /** Absent when the deployment neither waits nor builds. */
      state: optional(text()),
      position: int32,
      waiting: int32,
      building: list(text(128))
    }),
    mode: "shared"
  }
})
