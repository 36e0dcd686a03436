import { Contract } from "effect-restate"
import { DatabaseRefused } from "./errors.ts"
import { JsonObject } from "./json.ts"
import { id, list, message, optional, required, word } from "./protojson.ts"
import { int32, millis, text, uint64 } from "./scalars.ts"

const Version = { version: uint64 }

const Topology = message("ctrl_worker.v1.Topology", {
  replicas: int32,
  desiredStatus: word("starting", "started", "stopped")
})

const Sentinel = message("ctrl_worker.v1.Sentinel", {
  id: id(64),
  k8sName: id(64),
  k8sAddress: id(255),
  image: text(255),
  replicas: int32,
  cpuMillicores: int32,
  memoryMib: int32
})

const NetworkPolicy = message("ctrl_worker.v1.NetworkPolicy", {
  id: id(64),
  k8sName: id(64),
  k8sNamespace: id(255),
  policy: required(JsonObject)
})

/**
 * `now` (Unix milliseconds) is journaled by the caller, so that a repeated commit writes the same rows. Absent parts
 * are not changed. Ids have the width of the narrowest column that they are written to: 64 characters in
 * `deployment_topology`.
 */
const PublishChangeRequest = message("ctrl_worker.v1.PublishChangeRequest", {
  workspaceId: id(64),
  projectId: id(255),
  environmentId: id(128),
  deploymentId: id(64),
  k8sNamespace: text(255),
  topology: optional(Topology),
  sentinel: optional(Sentinel),
  policies: list(NetworkPolicy, 32),
  now: millis
})

/** The versions of a region, which is the key. They increase strictly in the order of commits. */
export const VersioningService = Contract.object("hydra.v1.VersioningService", {
  NextVersion: {
    input: message("hydra.v1.NextVersionRequest", {}),
    output: message("hydra.v1.NextVersionResponse", Version),
    error: DatabaseRefused,
    ingress: "private"
  },
  GetVersion: {
    input: message("hydra.v1.GetVersionRequest", {}),
    output: message("hydra.v1.GetVersionResponse", Version),
    error: DatabaseRefused,
    ingress: "private"
  },
  /** Raises the counter to a version that was committed. Never lowers it. */
  RaiseVersion: {
    input: message("ctrl_worker.v1.RaiseVersionRequest", Version),
    output: message("ctrl_worker.v1.RaiseVersionResponse", {}),
    ingress: "private"
  },
  /**
   * Commits the rows of one change for deploys of an earlier version of this worker. Answers the region's highest version
   * after the change, also when no row had to change.
   */
  PublishChange: {
    input: PublishChangeRequest,
    output: message("ctrl_worker.v1.PublishChangeResponse", Version),
    error: DatabaseRefused,
    ingress: "private"
  }
})
