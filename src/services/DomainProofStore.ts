import { Context, type Effect, Schema } from "effect"
import { DomainName } from "../names/DomainName.ts"
import type { DbFailure } from "./Db.ts"

/** A custom domain that is served, or counts as verified. Rows of the platform itself are none. */
export interface ServedDomain {
  readonly id: string
  readonly verificationToken: string
  /** Unix milliseconds at which its verification last succeeded; null when that is not known. */
  readonly verifiedAt: number | null
}

export const NamePage = Schema.Struct({
  names: Schema.Array(DomainName),
  /** Where the next page begins; null after the last one. */
  next: Schema.NullOr(Schema.Number)
})
export type NamePage = typeof NamePage.Type

/** The ownership of custom domains after their verification. Writes name the row by its id, and are safe to repeat. */
export class DomainProofStore extends Context.Tag("ctrl-worker/DomainProofStore")<
  DomainProofStore,
  {
    /**
     * The names of at most `limit` rows after the given ordinal that are not the platform's, in the order of their creation and each
     * once. Rows without a domain name have none.
     */
    readonly page: (after: number, limit: number) => Effect.Effect<NamePage, DbFailure>
    /**
     * The row that the name belongs to, in whatever spelling, as `DomainStore` says. From the primary. Null when there is none, or
     * it is neither verified nor served.
     */
    readonly find: (name: DomainName) => Effect.Effect<ServedDomain | null, DbFailure>
    /** Says at a verified domain what its owner has to do. At most 512 code points. */
    readonly warn: (warning: {
      readonly domainId: string
      readonly problem: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** Takes that text back, and no other. */
    readonly takeBackWarning: (warning: {
      readonly domainId: string
      readonly problem: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /**
     * In one transaction: the domain's route is gone, its challenge and itself are `failed`, and the reason stands in the row. A
     * route of another project under the same name stays. False, and nothing happens, when the domain was verified after `since`
     * (Unix milliseconds), when its row is gone or has no domain name, and for rows of the platform.
     */
    readonly withdraw: (withdrawal: {
      readonly domainId: string
      readonly problem: string
      readonly since: number
      readonly at: number
    }) => Effect.Effect<boolean, DbFailure>
  }
>() {}
