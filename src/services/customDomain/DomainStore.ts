import { Context, type Effect, Schema } from "effect"
import { DomainName } from "../../names/DomainName.ts"
import type { ChallengeStatus } from "../certificate/CertificateStore.ts"
import type { DbFailure } from "../Db.ts"
import { type RoutedDeployment, Sticky } from "../deploy/RouteStore.ts"

export const ChallengeType = Schema.Literal("HTTP-01", "DNS-01")
export const VerificationStatus = Schema.Literal("pending", "verifying", "verified", "failed")

/** The columns of `custom_domains` that a verification check uses. */
export const CustomDomain = Schema.Struct({
  id: Schema.String,
  status: VerificationStatus,
  /** The token that the owner publishes to prove ownership. */
  verificationToken: Schema.String,
  targetCname: Schema.String
})
export type CustomDomain = typeof CustomDomain.Type

export interface VerificationAttempt {
  readonly domainId: string
  /** Unix milliseconds of the check; identifies the attempt, so that a repeat counts it once. */
  readonly at: number
  readonly status: "verifying" | "failed"
  readonly ownershipVerified: boolean
  readonly cnameVerified: boolean
  /** At most 512 code points: the problem and its fix. */
  readonly problem: string
}

/** The columns of a domain, its project, its environment and its current route that the activation decision uses. */
export const ActivatedDomain = Schema.Struct({
  fqdn: DomainName,
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String
})
export const DomainProject = Schema.Struct({
  workspaceId: Schema.String,
  liveDeploymentId: Schema.NullOr(Schema.String)
})
export const DomainEnvironment = Schema.Struct({ projectId: Schema.String, slug: Schema.String })
export const DomainRoute = Schema.Struct({
  projectId: Schema.String,
  environmentId: Schema.String,
  sticky: Sticky,
  /** The environment of its deployment; null if it has none. */
  deploymentEnvironmentId: Schema.NullOr(Schema.String)
})

/** Input of the activation decision, read under locks: nothing in it changes before the plan is written. */
export interface ActivationSnapshot {
  readonly domain: typeof ActivatedDomain.Type
  /** The reason why another row owns the name; null if this row owns it. */
  readonly refusal: string | null
  readonly project: typeof DomainProject.Type | null
  readonly environment: typeof DomainEnvironment.Type | null
  /**
   * Ready deployments of the domain's environment whose desired state is running: the newest few and the live one, newest
   * first.
   */
  readonly deployments: ReadonlyArray<RoutedDeployment>
  /** The current route of the host name. */
  readonly route: typeof DomainRoute.Type | null
  readonly challenge: ChallengeStatus | null
}

export interface ActivationPlan<A> {
  /** `insert` creates the route, `move` changes the existing one. Null: no change. */
  readonly route: {
    readonly action: "insert" | "move"
    readonly sticky: Sticky
    /** Empty if there is no deployment yet. */
    readonly deploymentId: string
  } | null
  /** `insert` adds a waiting challenge, `reopen` sets an ended one back to waiting. */
  readonly challenge: "insert" | "reopen" | null
  /** Whether to mark the domain verified. */
  readonly isVerified: boolean
  readonly answer: A
}

export interface ActivationRequest {
  readonly domainId: string
  /** The id of a new route. */
  readonly routeId: string
  /** Unix milliseconds of the check that succeeded. */
  readonly at: number
  /** Unix milliseconds at which a new challenge expires. */
  readonly challengeExpiresAt: number
}

/**
 * Custom domains under verification. One row owns a name in all its spellings: the platform's row, else the verified one, else
 * the oldest. Writes identify the row by id, not by name: a domain that was deleted and added again is another row. All writes
 * are safe to repeat. No query finds a row whose text is not a domain name.
 */
export class DomainStore extends Context.Tag("ctrl-worker/DomainStore")<
  DomainStore,
  {
    /** The row that owns the name, from the primary. Null if there is none. */
    readonly find: (domain: DomainName) => Effect.Effect<CustomDomain | null, DbFailure>
    /**
     * Sets the owning row to `verifying` and returns its id; null if there is none. A verified domain stays verified unless
     * `reset`, which clears attempts, error, last check and invocation in any status. Other rows of the name are set to
     * `failed` with the reason.
     */
    readonly beginVerification: (run: {
      readonly domain: DomainName
      readonly reset: boolean
      readonly at: number
    }) => Effect.Effect<string | null, DbFailure>
    /** Counts an attempt and stores its result. No effect if the domain is verified or was checked later. */
    readonly recordAttempt: (attempt: VerificationAttempt) => Effect.Effect<void, DbFailure>
    /**
     * Checks whether the row with exactly this text owns the name. Returns null if it does, or does not exist; otherwise sets
     * it to `failed` and returns the reason.
     */
    readonly resolveSpelling: (spelling: {
      readonly domain: DomainName
      readonly stored: string
      readonly at: number
    }) => Effect.Effect<string | null, DbFailure>
    /** Sets a tenant's row with exactly this text to `failed` with the reason. */
    readonly reject: (refusal: {
      readonly stored: string
      readonly problem: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** Ends a verification without another check. No effect on a domain that is not being verified. */
    readonly endVerification: (
      end: Pick<VerificationAttempt, "domainId" | "at" | "problem">
    ) => Effect.Effect<void, DbFailure>
    /**
     * Reads the snapshot under locks (domain, project, deployments, route), lets `decide` plan, and writes the plan in the same
     * transaction. Null if the domain's row is gone or no longer has a valid name. `decide` may run more than once, so it must
     * be pure.
     */
    readonly activate: <A>(
      request: ActivationRequest,
      decide: (snapshot: ActivationSnapshot) => ActivationPlan<A>
    ) => Effect.Effect<A | null, DbFailure>
  }
>() {}
