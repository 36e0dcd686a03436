import { Context, type Duration, type Effect } from "effect"
import type { DbFailure } from "../Db.ts"
import type { BuildOutcome, BuildState } from "./Builder.ts"

/** Identifies one claim on a build. `owner`, at most 64 characters and unique per claim, is its fencing token. */
export interface BuildLeaseKey {
  readonly buildId: string
  readonly owner: string
}

/** Requests the build for `duration` from now. `detail` is one line of at most 200 characters about its progress. */
export interface LeaseRequest extends BuildLeaseKey {
  readonly duration: Duration.Duration
  readonly detail: string
}

/**
 * `Claimed`: the caller runs the build. `orphan` is the external build id that a previous owner left unfinished, if any.
 * `Running`: another lease is active. `Ended`: the build has an outcome, which may be a cancellation.
 */
export type ClaimResult =
  | { readonly _tag: "Claimed"; readonly orphan: string | null }
  | { readonly _tag: "Running" }
  | { readonly _tag: "Ended" }

/** `cancelled`: the owner must stop the build and clean up. `lost`: another worker may own the build. */
export type RenewalResult = "held" | "cancelled" | "lost"

/** The outcome of a cancelled build. */
export const cancelledOutcome: BuildOutcome = {
  _tag: "Failed",
  kind: "cancelled",
  message: "the build was cancelled"
}

/**
 * Build leases, shared by all workers on one database. A build has at most one active claim, and writes by a replaced owner
 * change nothing. Leases use the ledger's clock, so worker clocks need not agree. Every call is safe to repeat with the same
 * arguments.
 */
export class BuildLedger extends Context.Tag("ctrl-worker/BuildLedger")<
  BuildLedger,
  {
    /** Claims a build that is unclaimed, or whose lease expired without an outcome. */
    readonly claim: (lease: LeaseRequest) => Effect.Effect<ClaimResult, DbFailure>
    /** Renews the lease, even an expired one, unless another owner has claimed the build. */
    readonly renew: (lease: LeaseRequest) => Effect.Effect<RenewalResult, DbFailure>
    /**
     * Records the builder's own id of the build, at most 255 characters, so that a successor can finish it; null once it is
     * finished. Returns false, and records nothing, if the caller no longer owns the build.
     */
    readonly recordExternalId: (
      hold: BuildLeaseKey & { readonly externalBuildId: string | null }
    ) => Effect.Effect<boolean, DbFailure>
    /** Records the outcome and ends the lease. Returns false if another owner has the build or another outcome is recorded. */
    readonly recordOutcome: (
      hold: BuildLeaseKey & { readonly outcome: BuildOutcome }
    ) => Effect.Effect<boolean, DbFailure>
    /** Releases the lease without an outcome; the build may be claimed at once. */
    readonly release: (hold: BuildLeaseKey) => Effect.Effect<void, DbFailure>
    /**
     * Records the outcome `cancelled` unless the build has one. The owner learns it at the next renewal; an unclaimed build can
     * no longer be claimed.
     */
    readonly requestCancel: (buildId: string) => Effect.Effect<void, DbFailure>
    /** `Unknown`: never claimed, deleted after its retention, or its lease expired without an outcome. */
    readonly state: (buildId: string) => Effect.Effect<BuildState, DbFailure>
    /** Deletes up to 100 builds whose lease ended longer ago than `retention`; returns how many. */
    readonly deleteExpired: (retention: Duration.Duration) => Effect.Effect<number, DbFailure>
  }
>() {}
