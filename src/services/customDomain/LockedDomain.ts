import { type Effect, Either, Schema } from "effect"
import { type DomainName, domainName } from "../../names/DomainName.ts"
import { type ChallengeStatus, infrastructureWorkspace } from "../certificate/CertificateStore.ts"
import type { DbFailure } from "../Db.ts"
import { type ChallengeType, VerificationStatus } from "./DomainStore.ts"

/** A row of `custom_domains` under its lock, as far as it decides a change. */
export const LockedDomain = Schema.Struct({
  id: Schema.String,
  workspaceId: Schema.String,
  projectId: Schema.String,
  /** The text of the row's domain. */
  domain: Schema.String,
  verificationStatus: VerificationStatus,
  verificationError: Schema.NullOr(Schema.String),
  checkAttempts: Schema.Number,
  lastCheckedAt: Schema.NullOr(Schema.Number)
})
export type LockedDomain = typeof LockedDomain.Type

/** A new row of `acme_challenges`. */
export interface NewChallenge {
  readonly domainId: string
  readonly workspaceId: string
  readonly token: string
  readonly challengeType: typeof ChallengeType.Type
  readonly authorization: string
  readonly status: ChallengeStatus
  readonly expiresAt: number
  readonly createdAt: number
}

/** What one transaction writes about a domain. What is absent does not change. */
export interface DomainPlan {
  /** Columns of `custom_domains`. */
  readonly set?: {
    readonly verificationStatus?: typeof VerificationStatus.Type
    readonly verificationError?: string | null
    readonly ownershipVerified?: boolean
    readonly cnameVerified?: boolean
    readonly checkAttempts?: number
    readonly lastCheckedAt?: null | number
    readonly invocationId?: null
  }
  /** Columns of the domain's challenge, and the row to insert if it has none; null inserts none. */
  readonly challenge?: {
    readonly set: Partial<Pick<NewChallenge, "workspaceId" | "status" | "token" | "authorization" | "expiresAt">>
    readonly insert: NewChallenge | null
  }
  /** Deletes the route of this name if it belongs to the domain's project. */
  readonly unroute?: DomainName
}

/** Decides what to write about a locked row. Null: nothing. */
export type PlanDomain = (domain: LockedDomain) => DomainPlan | null

/** The domain and the time to write, in Unix milliseconds. */
export interface DomainKey {
  readonly domainId: string
  readonly at: number
}

/**
 * How a store changes a domain: locks its row, lets a pure function plan, and writes the plan in the same transaction. Returns
 * whether there was a row and a plan.
 */
export type TransactDomain<Method> = (
  method: Method,
  key: DomainKey,
  plan: PlanDomain
) => Effect.Effect<boolean, DbFailure>

/** Null if the row's text is not a domain name. */
export const nameOf = ({ domain }: LockedDomain): DomainName | null => Either.getOrNull(domainName(domain))

export const isPlatform = ({ workspaceId }: LockedDomain): boolean => workspaceId === infrastructureWorkspace
