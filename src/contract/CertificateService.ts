import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DomainName } from "../names/DomainName.ts"
import { longJob } from "./Deadline.ts"
import { DatabaseRefused, InvalidRequest, IssuanceUnavailable, NotFound, RunGivenUp } from "./errors.ts"
import { id, list, message, optional, required } from "./protojson.ts"
import { bool, int32, int64, millis, text } from "./scalars.ts"

/** Accepts any spelling. An invalid domain name is refused with the reason before a handler runs. */
const Domain = required(DomainName)
const nothing = message("ctrl_worker.v1.Nothing", {})

/** `status` is `success`, `failed`, or `pending` while the issuance waits. */
const Issued = message("hydra.v1.ProcessChallengeResponse", { certificateId: text(), status: text() })
const issuanceErrors = Schema.Union(InvalidRequest, NotFound, IssuanceUnavailable, DatabaseRefused)

/** Unix milliseconds; without start and end the CA has no suggestion. */
const RenewalInfo = message("ctrl_worker.v1.RenewalInfo", {
  certificateId: id(256),
  windowStart: optional(millis),
  windowEnd: optional(millis),
  askAgainAt: millis
})

/** The CA's problem with the registration of the account; `type` as in `AcmeProblem`. */
const AccountProblem = message("ctrl_worker.v1.AccountProblem", {
  type: text(),
  status: int32,
  detail: text(2000),
  retryAfter: optional(millis)
})

/**
 * Obtains and renews certificates. The key is the domain in its canonical spelling; `global` for the renewal of all
 * certificates, `acme` for the account. The domain of a request decides what is issued; a request under another key is
 * forwarded to the domain's object. No handler holds a domain's key for more than about a minute: longer waits are
 * delayed messages.
 */
export const CertificateService = Contract.object("hydra.v1.CertificateService", {
  /** Succeeds without an issuance when the domain has a certificate that is not due for renewal. */
  ProcessChallenge: {
    input: message("hydra.v1.ProcessChallengeRequest", { workspaceId: text(), domain: Domain }),
    output: Issued,
    error: issuanceErrors
  },
  RenewExpiringCertificates: {
    /**
     * Days before expiry at which a certificate is renewed whatever the CA suggests, though never in the first half of
     * its lifetime. 0 and 30, which the scheduled job always sends, mean 30 days for certificates of at least 90 days;
     * shorter ones are renewed by the share of their lifetime.
     */
    input: message("hydra.v1.RenewExpiringCertificatesRequest", { daysBeforeExpiry: int32 }),
    output: message("hydra.v1.RenewExpiringCertificatesResponse", {
      certificatesChecked: int32,
      renewalsTriggered: int32,
      failedDomains: list(text())
    }),
    error: Schema.Union(InvalidRequest, DatabaseRefused, RunGivenUp),
    annotations: longJob
  },
  /**
   * For operators, for instance after a key compromise: replaces the certificate whatever its age, without the daily
   * limit.
   */
  ReissueCertificate: {
    input: message("ctrl_worker.v1.ReissueCertificateRequest", { domain: Domain }),
    output: Issued,
    error: issuanceErrors
  },
  /** Continues a waiting issuance. A no-op when `nonce` is not the latest. */
  ContinueIssuance: {
    input: message("ctrl_worker.v1.ContinueIssuanceRequest", { nonce: id(), domain: Domain }),
    output: Issued,
    error: issuanceErrors,
    ingress: "private"
  },
  /** Replaces the certificate with this serial; a no-op when another one is stored already. */
  RenewCertificate: {
    input: message("ctrl_worker.v1.RenewCertificateRequest", { domain: Domain, serial: id() }),
    output: Issued,
    error: issuanceErrors,
    ingress: "private"
  },
  /** Decides whether a domain needs a certificate and requests it. Never waits for an issuance in progress. */
  CheckRenewal: {
    input: message("ctrl_worker.v1.CheckRenewalRequest", { domain: Domain, daysBeforeExpiry: int32 }),
    output: message("ctrl_worker.v1.CheckRenewalResponse", { triggered: bool, failed: bool }),
    error: DatabaseRefused,
    mode: "shared",
    ingress: "private"
  },
  RememberRenewalInfo: {
    input: RenewalInfo,
    output: nothing,
    ingress: "private"
  },
  /** One page of the renewal of all certificates. `next` is absent after the last one. */
  RenewPage: {
    input: message("ctrl_worker.v1.RenewPageRequest", { after: int64, daysBeforeExpiry: int32 }),
    output: message("ctrl_worker.v1.RenewPageResponse", {
      checked: int32,
      triggered: int32,
      failedDomains: list(text()),
      next: optional(int64)
    }),
    error: Schema.Union(DatabaseRefused, RunGivenUp),
    mode: "shared",
    ingress: "private"
  },
  /**
   * Creates and registers the account when there is none, or when the CA does not know the one at `rejectedUrl`. Key:
   * `acme`.
   */
  EnsureAccount: {
    input: message("ctrl_worker.v1.EnsureAccountRequest", { rejectedUrl: text(2000) }),
    output: message("ctrl_worker.v1.EnsureAccountResponse", { problem: optional(AccountProblem) }),
    error: DatabaseRefused,
    ingress: "private"
  }
})
