import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DomainName } from "../names/DomainName.ts"
import { DatabaseRefused, InvalidRequest, IssuanceUnavailable, NotFound, RunGivenUp } from "./errors.ts"
import { id, list, message, optional, required } from "./protojson.ts"
import { bool, int32, int64, millis, text } from "./scalars.ts"

/** Read in any spelling. What is no domain name is refused with the reason before a handler sees it. */
const Domain = required(DomainName)
const nothing = message("ctrl_worker.v1.Nothing", {})

/** `status` is `success`, `failed`, or `pending` while the CA wants us to wait. */
const Issued = message("hydra.v1.ProcessChallengeResponse", { certificateId: text(), status: text() })
const issuanceErrors = Schema.Union(InvalidRequest, NotFound, IssuanceUnavailable, DatabaseRefused)

/** Unix milliseconds; without start and end the CA has no suggestion. */
const RenewalInfo = message("ctrl_worker.v1.RenewalInfo", {
  certificateId: id(256),
  windowStart: optional(millis),
  windowEnd: optional(millis),
  askAgainAt: millis
})

/** What the CA said when the account was registered; `type` as in `AcmeProblem`. */
const AccountProblem = message("ctrl_worker.v1.AccountProblem", {
  type: text(),
  status: int32,
  detail: text(2000),
  retryAfter: optional(millis)
})

/**
 * Obtains and renews certificates. The key is the domain in its canonical spelling; `global` for the renewal of all of them,
 * `acme` for the account. The domain of a request decides what is issued, as it always has, and under any other key is handed on to
 * its own object. No handler holds a domain's key for more than about
 * a minute: longer waits are messages to itself.
 */
export const CertificateService = Contract.object("hydra.v1.CertificateService", {
  /** Does nothing, successfully, when the domain has a certificate that needs no renewal yet. */
  ProcessChallenge: {
    input: message("hydra.v1.ProcessChallengeRequest", { workspaceId: text(), domain: Domain }),
    output: Issued,
    error: issuanceErrors
  },
  RenewExpiringCertificates: {
    /**
     * Days before the expiry from which a certificate is renewed whatever the CA suggests, though never in the first half
     * of its life. 0 and 30, which the scheduled job always sends, mean 30 days for certificates of at least 90 days and
     * nothing for shorter ones, which are renewed by the share of their life.
     */
    input: message("hydra.v1.RenewExpiringCertificatesRequest", { daysBeforeExpiry: int32 }),
    output: message("hydra.v1.RenewExpiringCertificatesResponse", {
      certificatesChecked: int32,
      renewalsTriggered: int32,
      failedDomains: list(text())
    }),
    error: Schema.Union(InvalidRequest, DatabaseRefused, RunGivenUp)
  },
  /** For operators: replaces the certificate whatever its age, as after a stolen key, and past the guard against loops. */
  ReissueCertificate: {
    input: message("ctrl_worker.v1.ReissueCertificateRequest", { domain: Domain }),
    output: Issued,
    error: issuanceErrors
  },
  /** Goes on with what waits. Does nothing when `nonce` is not the one of the last wait. */
  ContinueIssuance: {
    input: message("ctrl_worker.v1.ContinueIssuanceRequest", { nonce: id(), domain: Domain }),
    output: Issued,
    error: issuanceErrors,
    ingress: "private"
  },
  /** Replaces the certificate with this serial; does nothing when another one stands there already. */
  RenewCertificate: {
    input: message("ctrl_worker.v1.RenewCertificateRequest", { domain: Domain, serial: id() }),
    output: Issued,
    error: issuanceErrors,
    ingress: "private"
  },
  /** Decides whether a domain needs a certificate and asks for it. Never waits for an issuance that is under way. */
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
  /** Makes and registers the account when there is none, or when the CA does not know the one at `rejectedUrl`. Key: `acme`. */
  EnsureAccount: {
    input: message("ctrl_worker.v1.EnsureAccountRequest", { rejectedUrl: text(2000) }),
    output: message("ctrl_worker.v1.EnsureAccountResponse", { problem: optional(AccountProblem) }),
    error: DatabaseRefused,
    ingress: "private"
  }
})
