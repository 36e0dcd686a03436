import { Context, type Effect, Schema } from "effect"
import type { DomainName } from "../names/DomainName.ts"
import type { ChallengeStatus } from "./CertificateStore.ts"
import type { DbFailure } from "./Db.ts"
import type { RoutedDeployment, Sticky } from "./RouteStore.ts"

export const ChallengeType = Schema.Literal("HTTP-01", "DNS-01")
export const VerificationStatus = Schema.Literal("pending", "verifying", "verified", "failed")

/** What a check needs of a row of `custom_domains`. */
export interface CustomDomain {
  readonly id: string
  readonly status: typeof VerificationStatus.Type
  /** What the owner publishes to show that the domain is theirs. */
  readonly verificationToken: string
  readonly targetCname: string
}

export interface VerificationAttempt {
  readonly domainId: string
  /** Unix milliseconds of the check: makes it one attempt however often it is recorded. */
  readonly at: number
  readonly status: "verifying" | "failed"
  readonly ownershipVerified: boolean
  readonly cnameVerified: boolean
  /** At most 512 code points: what is wrong and what to do. */
  readonly problem: string
}

/** What is decided upon when a domain goes live, read under locks: nothing in it changes before the plan is written. */
export interface ActivationSnapshot {
  readonly domain: {
    readonly fqdn: DomainName
    readonly workspaceId: string
    readonly projectId: string
    readonly environmentId: string
  }
  /** Why the name is not this row's: it belongs to another row. Null when it is. */
  readonly refusal: string | null
  readonly project: { readonly workspaceId: string; readonly liveDeploymentId: string | null } | null
  readonly environment: { readonly projectId: string; readonly slug: string } | null
  /** Deployments of the domain's environment that are ready and wanted running: the newest few, and the live one. Newest first. */
  readonly deployments: ReadonlyArray<RoutedDeployment>
  /** Who has the host name now. */
  readonly route: {
    readonly projectId: string
    readonly environmentId: string
    readonly sticky: Sticky
    /** The environment of the deployment that it leads to. Null when it leads nowhere. */
    readonly deploymentEnvironmentId: string | null
  } | null
  readonly challenge: ChallengeStatus | null
}

export interface ActivationPlan<A> {
  /** `insert` makes the route, `move` changes the one that has the name. Null leaves it as it is. */
  readonly route: {
    readonly action: "insert" | "move"
    readonly sticky: Sticky
    /** Empty when there is no deployment yet. */
    readonly deploymentId: string
  } | null
  /** `insert` adds a challenge that waits to be taken up, `reopen` lets an ended one wait again. */
  readonly challenge: "insert" | "reopen" | null
  /** Whether the domain becomes verified. */
  readonly isVerified: boolean
  readonly answer: A
}

export interface ActivationRequest {
  readonly domainId: string
  /** Of the route, should it be inserted. */
  readonly routeId: string
  /** Unix milliseconds of the check that succeeded. */
  readonly at: number
  /** Unix milliseconds at which a new challenge expires. */
  readonly challengeExpiresAt: number
}

/**
 * Custom domains under verification. A domain is one name in whatever spelling its row has it, and belongs to one row: the
 * platform's, else one that is verified, else the oldest. Writes name the row by its id, never by the domain: a domain that was
 * deleted and added again is another row. All of them are safe to repeat. A row whose domain is no name is found by none.
 */
export class DomainStore extends Context.Tag("ctrl-worker/DomainStore")<
  DomainStore,
  {
    /** The row that the name belongs to, from the primary. Null when there is no such domain. */
    readonly find: (domain: DomainName) => Effect.Effect<CustomDomain | null, DbFailure>
    /**
     * Marks the domain as being verified and answers with the id of the row that it belongs to, null when there is none. A
     * verified domain stays so, unless `reset`: that takes back attempts, error, last check and invocation, whatever the status.
     * Other rows of the name are `failed` with the reason.
     */
    readonly begin: (run: {
      readonly domain: DomainName
      readonly reset: boolean
      readonly at: number
    }) => Effect.Effect<string | null, DbFailure>
    /** Counts a check and says what came of it. Nothing happens when the domain is verified, or was checked later than that. */
    readonly record: (attempt: VerificationAttempt) => Effect.Effect<void, DbFailure>
    /**
     * Whether the row with exactly this text is the one that the name belongs to. When it is not, the row is `failed` with the
     * reason, which is the answer. Null also when there is no such row.
     */
    readonly settle: (spelling: {
      readonly domain: DomainName
      readonly stored: string
      readonly at: number
    }) => Effect.Effect<string | null, DbFailure>
    /** The row with exactly this text, should a tenant have one, is `failed` with the reason. */
    readonly refuse: (refusal: {
      readonly stored: string
      readonly problem: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** Ends a verification without another check. Nothing happens to a domain that is not being verified. */
    readonly abandon: (end: Pick<VerificationAttempt, "domainId" | "at" | "problem">) => Effect.Effect<void, DbFailure>
    /**
     * Reads the snapshot under locks (domain, project, deployments, route), lets `decide` plan, and writes the plan in the same
     * transaction. Null when the domain's row is gone, or has no domain name any more. `decide` may run more than once, so it must be pure.
     */
    readonly activate: <A>(
      request: ActivationRequest,
      decide: (snapshot: ActivationSnapshot) => ActivationPlan<A>
    ) => Effect.Effect<A | null, DbFailure>
  }
>() {}
