import { Effect, Option, Schema } from "effect"
import { stateCell } from "effect-restate"
import { DomainName } from "../../names/DomainName.ts"
import { ChallengeStatus } from "../../services/certificate/CertificateStore.ts"
import { CertificateFacts } from "../../services/certificate/Pki.ts"
import { KnownRenewalInfo } from "./decide/decideRenewal.ts"
import { Failures, IssuanceTimes } from "./order/attempts.ts"

/** A TXT record of this issuance. Stored before it is written, so that it is removed whatever happens. */
export const TxtRecord = Schema.Struct({
  name: Schema.String,
  value: Schema.String,
  changeId: Schema.NullOr(Schema.String),
  /** Unix milliseconds; null until it is known to be written. */
  addedAt: Schema.NullOr(Schema.Number),
  isVisible: Schema.Boolean
})
export type TxtRecord = typeof TxtRecord.Type

/**
 * An issuance in progress, in the state of the domain's object until the certificate is stored or given up. With the
 * order's URL and the encrypted key any worker can continue it. Unix milliseconds.
 */
export const Issuance = Schema.Struct({
  domainId: Schema.String,
  workspaceId: Schema.String,
  /** Only the delayed message with this nonce may continue; until `resumeAt` no other request does. */
  nonce: Schema.String,
  resumeAt: Schema.Number,
  kind: Schema.Literal("first", "renewal"),
  isForced: Schema.Boolean,
  /** ARI certificate id of the certificate that the order replaces (RFC 9773, section 4.1). */
  replaces: Schema.NullOr(Schema.String),
  /**
   * Digest of the certificate stored when the issuance began, null when there was none; absent in state of earlier
   * versions.
   */
  supersedes: Schema.optional(Schema.NullOr(Schema.String)),
  /** When it began; absent in state of earlier versions. */
  begunAt: Schema.optional(Schema.Number),
  /** Ciphertext of the certificate's key. */
  encryptedKey: Schema.NullOr(Schema.String),
  orderUrl: Schema.NullOr(Schema.String),
  record: Schema.NullOr(TxtRecord),
  answeredAt: Schema.NullOr(Schema.Number),
  /** When this order was counted as an issuance, before it is finalized. */
  finalizedAt: Schema.NullOr(Schema.Number),
  /** Number of problems so far. */
  attempts: Schema.Number
})
export type Issuance = typeof Issuance.Type

/** State cells of a domain's object, a few kilobytes in all. */
export const issuanceCell = stateCell("issuance", Issuance)
export const issuedCell = stateCell("issued", IssuanceTimes)
export const issuedTimes = Effect.map(issuedCell.get, (stored): typeof IssuanceTimes.Type =>
  Option.getOrElse(stored, () => [])
)
export const failuresCell = stateCell("failures", Failures)
export const renewalCell = stateCell("renewal", KnownRenewalInfo)

/** Updates the issuance in the object's state, from which a later attempt continues. */
export const save = (issuance: Issuance, change: Partial<Issuance>) => {
  const changed = { ...issuance, ...change }
  return Effect.as(issuanceCell.set(changed), changed)
}

/** What is journaled of a domain's rows. */
export const DomainView = Schema.Struct({
  id: Schema.String,
  workspaceId: Schema.String,
  name: DomainName,
  status: Schema.NullOr(ChallengeStatus),
  hasRoute: Schema.Boolean,
  certificate: Schema.NullOr(
    Schema.Struct({
      id: Schema.String,
      workspaceId: Schema.String,
      /** Identifies the chain, for compare and set. */
      digest: Schema.String,
      /** Null when the chain does not parse. */
      facts: Schema.NullOr(CertificateFacts)
    })
  )
})
export type DomainView = typeof DomainView.Type
