import { Context, type Effect, Schema } from "effect"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"
import type { Page, PageRequest } from "./Page.ts"

/** A domain for which a certificate was requested: no certificate, no key and no token. */
export const ListedCertificate = Schema.Struct({
  domain: Schema.String,
  workspaceId: Schema.String,
  /** `acme_challenges.status`: `verified` means that the certificate is stored. */
  challengeStatus: Schema.String,
  /** Of a verified challenge the end of the certificate, else of the challenge. */
  expiresAt: Instant,
  /** Null if no certificate is stored under the domain's name. */
  certificateId: Schema.NullOr(Schema.String),
  /** When the certificate was stored last. */
  storedAt: Schema.NullOr(Instant)
})
export type ListedCertificate = typeof ListedCertificate.Type

export const challengeStatuses = ["waiting", "pending", "verified", "failed"] as const

export interface CertificateFilter {
  readonly status?: (typeof challengeStatuses)[number] | undefined
}

/** Requested certificates for operators, page by page. Read only, found by indexes. */
export class CertificateList extends Context.Tag("ctrl-worker/CertificateList")<
  CertificateList,
  {
    readonly page: (
      filter: CertificateFilter,
      request: PageRequest
    ) => Effect.Effect<Page<ListedCertificate>, SourceUnavailable>
  }
>() {}
