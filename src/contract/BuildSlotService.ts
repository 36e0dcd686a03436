import { Contract } from "effect-restate"
import { id, list, message, optional, word } from "./protojson.ts"
import { bool, int32, millis, text } from "./scalars.ts"

/**
 * `line` names what a newer deployment makes an older one superfluous in: environment and branch. Empty: nothing does.
 * `bell` is the id of an awakeable of `SlotUpdate`, rung when something has become of a request that had to wait.
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

/** What a request comes to. `granted` counts until `leaseEnds` (Unix milliseconds), and longer while it is renewed. */
const updateFields = {
  outcome: word("granted", "superseded", "waiting", "refused"),
  leaseEnds: millis,
  /** Of `superseded`: the newer deployment. */
  by: text(128),
  /** Of `waiting`: 1 is the next one to be served. */
  position: int32
}
/** Told through a request's bell. */
export const SlotUpdate = message("ctrl_worker.v1.BuildSlotNews", updateFields)
export type SlotUpdate = typeof SlotUpdate.Type

/** The build that a slot is used for, or wanted for. */
const holderOf = (title: string) => message(`ctrl_worker.v1.${title}`, { deploymentId: id(128), buildId: id(63) })
const empty = (title: string) => message(`ctrl_worker.v1.${title}`, {})

/**
 * Who of a workspace may build now: at most so many at once, production before previews, then the oldest deployment. The key
 * is the workspace id. A slot is a lease: whoever stops renewing it loses it, and the build in it is stopped.
 */
export const BuildSlotService = Contract.object("ctrl_worker.v1.BuildSlotService", {
  /** Asks for a slot, or says that one still waits for it. Safe to repeat; answers the same once granted. */
  Request: {
    input: RequestRequest,
    output: message("ctrl_worker.v1.RequestResponse", updateFields),
    ingress: "private"
  },
  /** The build still runs. `held` is false when the slot was lost meanwhile. */
  Renew: {
    input: holderOf("RenewRequest"),
    output: message("ctrl_worker.v1.RenewResponse", { held: bool, leaseEnds: millis }),
    ingress: "private"
  },
  /** Returns the slot, or withdraws the request. Harmless when there is neither. */
  Release: {
    input: holderOf("ReleaseRequest"),
    output: empty("ReleaseResponse"),
    ingress: "private"
  },
  /** The reaper: takes back what nobody renews. Sends itself again for as long as there is anything to watch. */
  Sweep: {
    input: empty("SweepRequest"),
    output: empty("SweepResponse"),
    ingress: "private"
  },
  /** Stops the build of a lost slot, then frees the slot. Holds no key while it talks to the builder. */
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
  /** Where a deployment stands, for whoever shows it. Reads only. */
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
