import { Context, type Duration, type Effect } from "effect"
import type { BuildOutcome, BuildState } from "./Builder.ts"
import type { DbFailure } from "./Db.ts"

/** One claim on a build. `owner` is a name of at most 64 characters that no other claim has ever had: it is the fence. */
export interface BuildHold {
  readonly buildId: string
  readonly owner: string
}

/** How long the build is the owner's from now on, and one line about what it is doing, at most 200 characters. */
export interface BuildLease extends BuildHold {
  readonly lease: Duration.Duration
  readonly detail: string
}

/**
 * `Claimed`: the build is the claimant's to run. `orphan` is what an owner before it left at the builder and nobody has
 * finished yet. `Running`: somebody else's lease holds. `Ended`: there is an outcome, a cancellation included.
 */
export type BuildClaim =
  | { readonly _tag: "Claimed"; readonly orphan: string | null }
  | { readonly _tag: "Running" }
  | { readonly _tag: "Ended" }

/** `cancelled`: still the owner's to clean up, not to go on with. `lost`: somebody else's, or nobody's any more. */
export type BuildRenewal = "held" | "cancelled" | "lost"

/** What a cancelled build polls as. */
export const cancelledOutcome: BuildOutcome = {
  _tag: "Failed",
  kind: "cancelled",
  message: "the build was cancelled"
}

/**
 * Which worker runs which build, for all workers on one database. At most one claim of a build holds at a time, and writes
 * of an owner that has been replaced change nothing. Leases begin and end by the ledger's own clock, so that the clocks of
 * workers need not agree. Every call is safe to repeat with the same arguments.
 */
export class BuildLedger extends Context.Tag("ctrl-worker/BuildLedger")<
  BuildLedger,
  {
    /** Takes a build that nobody has claimed, or whose owner has let its lease end without an outcome. */
    readonly claim: (lease: BuildLease) => Effect.Effect<BuildClaim, DbFailure>
    /** Also after the lease has ended, as long as nobody else has claimed the build. */
    readonly renew: (lease: BuildLease) => Effect.Effect<BuildRenewal, DbFailure>
    /**
     * Notes what the builder calls the build, at most 255 characters, for whoever has to finish it; null once it is
     * finished. False: the build is not the owner's any more and nothing was noted.
     */
    readonly noteExternal: (
      hold: BuildHold & { readonly externalBuildId: string | null }
    ) => Effect.Effect<boolean, DbFailure>
    /** Keeps the outcome and ends the lease. False: the build is somebody else's or has another outcome, which stays. */
    readonly end: (hold: BuildHold & { readonly outcome: BuildOutcome }) => Effect.Effect<boolean, DbFailure>
    /** Gives the build back without an outcome: it may be claimed at once. */
    readonly release: (hold: BuildHold) => Effect.Effect<void, DbFailure>
    /**
     * From now on the build's outcome is that it was cancelled, unless it has one. Its owner learns that when it renews; a
     * build that nobody has claimed yet is never claimed.
     */
    readonly requestCancel: (buildId: string) => Effect.Effect<void, DbFailure>
    /** `Unknown`: never claimed, swept, or its lease has ended without an outcome. */
    readonly state: (buildId: string) => Effect.Effect<BuildState, DbFailure>
    /** Forgets up to 100 builds whose leases ended longer ago than that; answers how many it found. */
    readonly sweep: (retention: Duration.Duration) => Effect.Effect<number, DbFailure>
  }
>() {}
