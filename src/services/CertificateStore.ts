import { Context, type Effect, type Option, Schema } from "effect"
import { DomainName } from "../names/DomainName.ts"
import type { DbFailure } from "./Db.ts"

/** `acme_challenges.status`. */
export const ChallengeStatus = Schema.Literal("waiting", "pending", "verified", "failed")
export type ChallengeStatus = typeof ChallengeStatus.Type

/** A domain with all that decides about its certificate. */
export interface CertifiedDomain {
  readonly id: string
  /** Whose keyring encrypts the key, and what `certificates.workspace_id` must be. */
  readonly workspaceId: string
  readonly name: DomainName
  /** Null when the domain has no challenge row. */
  readonly challenge: { readonly status: ChallengeStatus; readonly expiresAt: number } | null
  /** Whether frontline serves the name. Without a route it refuses the CA's question too. */
  readonly hasRoute: boolean
  readonly certificate: { readonly id: string; readonly workspaceId: string; readonly chain: string } | null
}

/** A domain as the renewal of all of them sees it. `status` is null when it has no challenge row. */
export const ListedDomain = Schema.TaggedStruct("Listed", {
  id: Schema.String,
  name: DomainName,
  workspaceId: Schema.String,
  status: Schema.NullOr(ChallengeStatus),
  /** Unix milliseconds of the challenge row's last change; null when it has none. */
  changedAt: Schema.NullOr(Schema.Number)
})
export type ListedDomain = typeof ListedDomain.Type

/** A row that no certificate can be obtained for: it has no domain name, or one that belongs to another row. */
export const UnfitDomain = Schema.TaggedStruct("Unfit", {
  id: Schema.String,
  /** For its owner, at most 512 code points. */
  problem: Schema.String
})
export type UnfitDomain = typeof UnfitDomain.Type

export const DomainPage = Schema.Struct({
  rows: Schema.Array(Schema.Union(ListedDomain, UnfitDomain)),
  /** Where the next page begins; null after the last one. */
  next: Schema.NullOr(Schema.Number)
})
export type DomainPage = typeof DomainPage.Type

export interface AcmeAccountRow {
  readonly id: string
  readonly encryptedKey: string
  /** The account's URL; null until it is registered. */
  readonly registrationUri: string | null
}

export interface NewCertificate {
  /** Used when the name has no certificate yet; otherwise its id stays. */
  readonly id: string
  readonly domainId: string
  readonly chain: string
  readonly encryptedKey: string
  /** Unix milliseconds. */
  readonly expiresAt: number
  readonly at: number
}

/** `Gone`: the domain does not exist any more. `Changed`: another certificate than the expected one stands there. */
export const SaveOutcome = Schema.Union(
  Schema.TaggedStruct("Saved", { id: Schema.String }),
  Schema.TaggedStruct("Gone", {}),
  Schema.TaggedStruct("Changed", {})
)
export type SaveOutcome = typeof SaveOutcome.Type

/** A domain that belongs to the platform itself, such as the wildcard above all generated host names. */
export interface InfrastructureDomain {
  readonly id: string
  readonly name: DomainName
  readonly targetCname: string
}

/** A tenant's row that has the name of an infrastructure domain. */
export const TakenDomain = Schema.Struct({ id: Schema.String, name: DomainName, workspaceId: Schema.String })
export type TakenDomain = typeof TakenDomain.Type

/** How much life certificates have left; each class ends where the next begins. */
export const remainingLifeClasses = ["expired", "1d", "7d", "14d", "30d", "more"] as const
export type RemainingLife = (typeof remainingLifeClasses)[number]

/** Whose rows infrastructure domains are, and who owns the ACME account, in the columns for workspaces. */
export const infrastructureWorkspace = "unkey_internal"
export const acmeWorkspace = "acme"

/**
 * Certificates, the challenges that prove domains, and the one ACME account. Times are Unix milliseconds and the same on
 * a repeat; every write is one transaction and safe to repeat. Everything is read from the primary.
 */
export class CertificateStore extends Context.Tag("ctrl-worker/CertificateStore")<
  CertificateStore,
  {
    /** The row that the name belongs to, as `DomainStore` says, with what else has the name. */
    readonly find: (name: DomainName) => Effect.Effect<Option.Option<CertifiedDomain>, DbFailure>
    /** What frontline answers the CA. The row becomes `pending`; one that is missing is made. False when the domain is gone. */
    readonly writeChallenge: (challenge: {
      readonly domainId: string
      readonly token: string
      readonly authorization: string
      readonly at: number
    }) => Effect.Effect<boolean, DbFailure>
    /** The challenge is `failed` until it is tried again. The reason, cut to 512 characters, stands at a verified domain. */
    readonly markFailed: (failure: {
      readonly domainId: string
      readonly reason: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** The domain has a certificate until then. */
    readonly markVerified: (verified: {
      readonly domainId: string
      readonly expiresAt: number
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /**
     * Stores the certificate and its expiry when `accepts` agrees to what stands there, which is read under a lock. The
     * row's id and time of creation stay. `accepts` may be asked more than once, so it must be pure.
     */
    readonly save: (
      certificate: NewCertificate,
      accepts: (current: string | null) => boolean
    ) => Effect.Effect<SaveOutcome, DbFailure>
    readonly account: Effect.Effect<Option.Option<AcmeAccountRow>, DbFailure>
    /**
     * Answers with the account that stands there, which is another one when somebody was faster. Whoever adds it uses the
     * same id: the table's unique key on it is what keeps the account the only one.
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
     * Domains that are verified or have a challenge, in the order of their creation, after the given ordinal. A name is listed once
     * at most in a page, for the row that it belongs to; its other rows, and rows without a name, are answered as unfit.
     */
    readonly page: (after: number, limit: number) => Effect.Effect<DomainPage, DbFailure>
    /** Each row is `failed` with its reason, unless it is the platform's. */
    readonly refuse: (
      rows: ReadonlyArray<{ readonly id: string; readonly problem: string }>,
      at: number
    ) => Effect.Effect<void, DbFailure>
    /**
     * Makes what is missing of each: the domain, verified, and its waiting challenge. A tenant's row of the name is `failed` with
     * the reason; as the table takes each text once, the platform's row then has the name with a final dot.
     */
    readonly ensureInfrastructure: (
      domains: ReadonlyArray<InfrastructureDomain>,
      at: number
    ) => Effect.Effect<void, DbFailure>
    /** Rows of tenants that have one of these names. */
    readonly takenBy: (names: ReadonlyArray<DomainName>) => Effect.Effect<ReadonlyArray<TakenDomain>, DbFailure>
    readonly remainingLife: (now: number) => Effect.Effect<ReadonlyMap<RemainingLife, number>, DbFailure>
  }
>() {}
