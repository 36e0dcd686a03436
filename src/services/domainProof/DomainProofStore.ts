import { Context, type Effect, Schema } from "effect"
import { DomainName } from "../../names/DomainName.ts"
import type { DbFailure } from "../Db.ts"

/** A custom domain that is served or verified. Excludes rows of the platform. */
export const ServedDomain = Schema.Struct({
  id: Schema.String,
  verificationToken: Schema.String,
  /** Last successful verification in Unix milliseconds; null if unknown. */
  verifiedAt: Schema.NullOr(Schema.Number)
})
export type ServedDomain = typeof ServedDomain.Type

export const NamePage = Schema.Struct({
  names: Schema.Array(DomainName),
  /** Cursor of the next page; null after the last one. */
  next: Schema.NullOr(Schema.Number)
})
export type NamePage = typeof NamePage.Type

/** Ownership of custom domains after their verification. Writes identify the row by id and are safe to repeat. */
export class DomainProofStore extends Context.Tag("ctrl-worker/DomainProofStore")<
  DomainProofStore,
  {
    /**
     * The distinct names of at most `limit` rows after the given ordinal, by creation, without the platform's rows. Rows
     * without a valid domain name are skipped.
     */
    readonly page: (after: number, limit: number) => Effect.Effect<NamePage, DbFailure>
    /**
     * The row that owns the name in any spelling, as `DomainStore` defines it, from the primary. Null if there is none, or it
     * is neither verified nor served.
     */
    readonly find: (name: DomainName) => Effect.Effect<ServedDomain | null, DbFailure>
    /** Stores on a verified domain what its owner has to do. At most 512 code points. */
    readonly warn: (warning: {
      readonly domainId: string
      readonly problem: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** Clears that text; another text stays. */
    readonly clearWarning: (warning: {
      readonly domainId: string
      readonly problem: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /**
     * In one transaction: deletes the domain's route, sets the domain and its challenge to `failed`, and stores the reason. A
     * route of another project with the same name stays. Returns false without a change if the domain was verified after
     * `since` (Unix milliseconds), its row is gone or has no valid name, or it belongs to the platform.
     */
    readonly withdraw: (withdrawal: {
      readonly domainId: string
      readonly problem: string
      readonly since: number
      readonly at: number
    }) => Effect.Effect<boolean, DbFailure>
  }
>() {}
