import { Effect, Option, Schema } from "effect"
import { stateCell } from "effect-restate"
import { DomainName } from "../../names/DomainName.ts"
import { ChallengeStatus } from "../../services/CertificateStore.ts"
import { CertificateFacts } from "../../services/Pki.ts"
import { Failures, IssuanceTimes } from "./attempts.ts"
import { KnownRenewalInfo } from "./decideRenewal.ts"

/** A TXT record of ours, known before it is written, so that it is taken away again whatever happens. */
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
 * A certificate under way, kept in the domain's object until it is stored or given up. With the order's URL and the
 * encrypted key any process can go on with it. Unix milliseconds.
 */
export const Issuance = Schema.Struct({
  domainId: Schema.String,
  workspaceId: Schema.String,
  /** Only the message with this nonce may go on; until `resumeAt` nobody else does. */
  nonce: Schema.String,
  resumeAt: Schema.Number,
  kind: Schema.Literal("first", "renewal"),
  isForced: Schema.Boolean,
  /** The certificate that the order replaces, as the CA names it. */
  replaces: Schema.NullOr(Schema.String),
  /** Digest of the certificate that stood there at the beginning, null when there was none; absent in an earlier version's. */
  supersedes: Schema.optional(Schema.NullOr(Schema.String)),
  /** When it began; absent in an earlier version's. */
  begunAt: Schema.optional(Schema.Number),
  /** Ciphertext of the certificate's key. */
  encryptedKey: Schema.NullOr(Schema.String),
  orderUrl: Schema.NullOr(Schema.String),
  record: Schema.NullOr(TxtRecord),
  answeredAt: Schema.NullOr(Schema.Number),
  /** When this order was counted as an issuance, which is before it is finalized. */
  finalizedAt: Schema.NullOr(Schema.Number),
  /** Problems met so far. */
  attempts: Schema.Number
})
export type Issuance = typeof Issuance.Type

/** The state of a domain's object. Bounded: a few kilobytes. */
export const issuanceCell = stateCell("issuance", Issuance)
export const issuedCell = stateCell("issued", IssuanceTimes)
export const issuedTimes = Effect.map(issuedCell.get, (stored): typeof IssuanceTimes.Type =>
  Option.getOrElse(stored, () => [])
)
export const failuresCell = stateCell("failures", Failures)
export const renewalCell = stateCell("renewal", KnownRenewalInfo)

/** Changes the issuance in the object's state, at once: a crash afterwards goes on from here. */
export const save = (issuance: Issuance, change: Partial<Issuance>) => {
  const changed = { ...issuance, ...change }
  return Effect.as(issuanceCell.set(changed), changed)
}

/** A domain as an issuance sees it: what is journaled of its rows. */
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
      /** Identifies the chain, so that only this one is replaced. */
      digest: Schema.String,
      /** Null when it cannot be read. */
      facts: Schema.NullOr(CertificateFacts)
    })
  )
})
export type DomainView = typeof DomainView.Type
