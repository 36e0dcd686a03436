import { Context, type Effect, type Option, Schema } from "effect"
import { DomainName } from "../../names/DomainName.ts"
import type { DbFailure } from "../Db.ts"

/** `acme_challenges.status`. */
export const ChallengeStatus = Schema.Literal("waiting", "pending", "verified", "failed")
export type ChallengeStatus = typeof ChallengeStatus.Type

/** A domain with what decides about its certificate. */
export interface CertifiedDomain {
  readonly id: string
  /** The workspace whose keyring encrypts the key; also the value of `certificates.workspace_id`. */
  readonly workspaceId: string
  readonly name: DomainName
  /** Null if the domain has no challenge row. */
  readonly challenge: { readonly status: ChallengeStatus; readonly expiresAt: number } | null
  /** Whether frontline has a route for the name. Without one it does not answer HTTP-01 validation. */
  readonly hasRoute: boolean
  readonly certificate: { readonly id: string; readonly workspaceId: string; readonly chain: string } | null
}

/** A domain as listed for renewal. `status` is null if it has no challenge row. */
export const ListedDomain = Schema.TaggedStruct("Listed", {
  id: Schema.String,
  name: DomainName,
  workspaceId: Schema.String,
  status: Schema.NullOr(ChallengeStatus),
  /** Last change of the challenge row in Unix milliseconds; null if there is no row. */
  changedAt: Schema.NullOr(Schema.Number)
})
export type ListedDomain = typeof ListedDomain.Type

/** A row that cannot have a certificate: its text is not a domain name, or the name belongs to another row. */
export const InvalidDomain = Schema.TaggedStruct("Unfit", {
  id: Schema.String,
  /** Shown to the domain's owner; at most 512 code points. */
  problem: Schema.String
})
export type InvalidDomain = typeof InvalidDomain.Type

export const DomainPage = Schema.Struct({
  rows: Schema.Array(Schema.Union(ListedDomain, InvalidDomain)),
  /** Cursor of the next page; null after the last one. */
  next: Schema.NullOr(Schema.Number)
})
export type DomainPage = typeof DomainPage.Type

export const AcmeAccountRow = Schema.Struct({
  id: Schema.String,
  encryptedKey: Schema.String,
  /** The account URL; null until the account is registered. */
  registrationUri: Schema.NullOr(Schema.String)
})
export type AcmeAccountRow = typeof AcmeAccountRow.Type

export interface NewCertificate {
  /** The row id for a first certificate; an existing row keeps its id. */
  readonly id: string
  readonly domainId: string
  readonly chain: string
  readonly encryptedKey: string
  /** Unix milliseconds. */
  readonly expiresAt: number
  readonly at: number
}

/** `Gone`: the domain no longer exists. `Changed`: the stored certificate is not the expected one. */
export const SaveOutcome = Schema.Union(
  Schema.TaggedStruct("Saved", { id: Schema.String }),
  Schema.TaggedStruct("Gone", {}),
  Schema.TaggedStruct("Changed", {})
)
export type SaveOutcome = typeof SaveOutcome.Type

/** A domain of the platform itself, such as the wildcard of all generated host names. */
export interface InfrastructureDomain {
  readonly id: string
  readonly name: DomainName
  readonly targetCname: string
}

/** A tenant's row with the name of an infrastructure domain. */
export const ConflictingDomain = Schema.Struct({ id: Schema.String, name: DomainName, workspaceId: Schema.String })
export type ConflictingDomain = typeof ConflictingDomain.Type

/** Classes of remaining certificate lifetime; each ends where the next begins. */
export const remainingLifeClasses = ["expired", "1d", "7d", "14d", "30d", "more"] as const
export type RemainingLife = (typeof remainingLifeClasses)[number]

/** Values of `workspace_id` for infrastructure domains and for the ACME account. */
export const infrastructureWorkspace = "unkey_internal"
export const acmeWorkspace = "acme"

/**
 * Certificates, ACME challenges and the one ACME account. Times are Unix milliseconds and the same on a repeat. Every write is
 * one transaction and safe to repeat. All reads go to the primary.
 */
export class CertificateStore extends Context.Tag("ctrl-worker/CertificateStore")<
  CertificateStore,
  {
    /** The row that owns the name, as `DomainStore` defines it, with its related rows. */
    readonly find: (name: DomainName) => Effect.Effect<Option.Option<CertifiedDomain>, DbFailure>
    /**
     * Stores the HTTP-01 response that frontline serves and sets the challenge to `pending`, inserting the row if missing.
     * Returns false if the domain no longer exists.
     */
    readonly writeChallenge: (challenge: {
      readonly domainId: string
      readonly token: string
      readonly authorization: string
      readonly at: number
    }) => Effect.Effect<boolean, DbFailure>
    /** Sets the challenge to `failed`. On a verified domain it also stores the reason, cut to 512 characters. */
    readonly markFailed: (failure: {
      readonly domainId: string
      readonly reason: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** Records that the domain has a certificate until `expiresAt`. */
    readonly markVerified: (verified: {
      readonly domainId: string
      readonly expiresAt: number
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /**
     * Stores the certificate and its expiry if `accepts` returns true for the stored chain, which is read under a lock. An
     * existing row keeps its id and creation time. `accepts` may run more than once, so it must be pure.
     */
    readonly save: (
      certificate: NewCertificate,
      accepts: (current: string | null) => boolean
    ) => Effect.Effect<SaveOutcome, DbFailure>
    readonly account: Effect.Effect<Option.Option<AcmeAccountRow>, DbFailure>
    /**
     * Returns the stored account, which differs from the argument if another process inserted one first. All callers use the
     * same id; the table's unique key on it allows only one account.
     */
    readonly addAccount: (account: {
      readonly id: string
      readonly encryptedKey: string
      readonly at: number
    }) => Effect.Effect<AcmeAccountRow, DbFailure>
    readonly setRegistration: (registration: {
      readonly id: string
      readonly uri: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /**
     * Domains that are verified or have a challenge, by creation, after the given ordinal. A page lists each name at most once,
     * for the row that owns it; its other rows, and rows without a valid name, are returned as invalid.
     */
    readonly page: (after: number, limit: number) => Effect.Effect<DomainPage, DbFailure>
    /** Sets each row to `failed` with its reason, except the platform's rows. */
    readonly refuse: (
      rows: ReadonlyArray<{ readonly id: string; readonly problem: string }>,
      at: number
    ) => Effect.Effect<void, DbFailure>
    /**
     * Inserts what is missing of each domain: a verified row and a waiting challenge. A tenant's row with the name is set to
     * `failed` with the reason. The column is unique, so the platform's row then stores the name with a final dot.
     */
    readonly ensureInfrastructure: (
      domains: ReadonlyArray<InfrastructureDomain>,
      at: number
    ) => Effect.Effect<void, DbFailure>
    /** Tenants' rows with one of these names. */
    readonly findConflicts: (
      names: ReadonlyArray<DomainName>
    ) => Effect.Effect<ReadonlyArray<ConflictingDomain>, DbFailure>
    readonly remainingLife: (now: number) => Effect.Effect<ReadonlyMap<RemainingLife, number>, DbFailure>
  }
>() {}
