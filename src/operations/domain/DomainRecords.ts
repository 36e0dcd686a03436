import { Context, type Effect, type Option, Schema } from "effect"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"

const Text = Schema.NullOr(Schema.String)
const Time = Schema.NullOr(Instant)

/** A custom domain with its challenge, certificate and route, as operators see it: no token and no key. */
export const DomainRecord = Schema.Struct({
  id: Schema.String,
  domain: Schema.String,
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  verificationStatus: Schema.String,
  ownershipVerified: Schema.Boolean,
  cnameVerified: Schema.Boolean,
  targetCname: Schema.String,
  checkAttempts: Schema.Number,
  lastCheckedAt: Time,
  /** Why the last check failed. */
  verificationError: Text,
  createdAt: Instant,
  /** `acme_challenges.status`; null if no certificate was requested. */
  challengeStatus: Text,
  /** Of a verified challenge the end of the certificate, else of the challenge. */
  challengeExpiresAt: Time,
  certificateId: Text,
  /** When the certificate was stored last. */
  certificateStoredAt: Time,
  /** The deployment that the host name leads to; empty if it waits for one, null if there is no route. */
  routeDeploymentId: Text
})
export type DomainRecord = typeof DomainRecord.Type

/** Custom domains for operators. Read only, found by indexes. */
export class DomainRecords extends Context.Tag("ctrl-worker/DomainRecords")<
  DomainRecords,
  {
    /** The row with one of these spellings; a verified one first, else the oldest. */
    readonly find: (spellings: ReadonlyArray<string>) => Effect.Effect<Option.Option<DomainRecord>, SourceUnavailable>
  }
>() {}
