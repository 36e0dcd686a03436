import { Schema } from "effect"
import type { AcmeError, AcmeOrder } from "../../services/certificate/Acme.ts"

/** Why a domain has no certificate yet: an error type of the CA (RFC 8555, section 6.7) or one of `ownProblems`. */
export const Problem = Schema.Struct({
  /** An ACME error type, or one of `ownProblems`. */
  type: Schema.String,
  /** HTTP status of the CA's answer; 0 when there was none. */
  status: Schema.Number,
  /** Readable text without secrets. */
  detail: Schema.String,
  /** Subproblems of a compound problem (RFC 8555, section 6.7.1). */
  subproblems: Schema.Array(Schema.Struct({ type: Schema.String, detail: Schema.String })),
  /** The CA's Retry-After as Unix milliseconds. */
  retryAfter: Schema.NullOr(Schema.Number)
})
export type Problem = typeof Problem.Type

/** Problems that no CA reports. */
const ownProblems = [
  /** No answer from the CA, or one that is not ACME. */
  "unavailable",
  /** An order or authorization ended without a reason, expired, or is no longer known to the CA. */
  "orderGone",
  /** The CA takes longer than expected; its state has to be read again. */
  "slow",
  /** The host name has no route, so frontline would refuse the CA's validation request. */
  "noRoute",
  /** The CA does not offer a challenge type that we can answer. */
  "noChallenge",
  /** The challenge name of a customer's wildcard is not delegated to our record. */
  "notDelegated",
  /** No delegation domain is configured, so customers cannot have wildcards. */
  "noDelegationDomain",
  /** DNS servers gave no usable answer. */
  "dnsSilent",
  /** Our record is not on every authoritative server. */
  "propagation",
  /** The DNS provider is not available. */
  "dnsProvider",
  /** We may not write the record, or none of our zones contains it. */
  "dnsRefused",
  /** The certificate could not be written to the database. */
  "notStored",
  /** A stored key cannot be decrypted with the vault we have. */
  "keyUnreadable",
  /** The CA issued a certificate that does not match the order. */
  "badCertificate",
  /** Two certificates were issued within a day. */
  "reissueGuard"
] as const
export type OwnProblem = (typeof ownProblems)[number]

export const problem = (type: OwnProblem, detail: string, retryAfter: number | null = null): Problem => ({
  type,
  status: 0,
  detail,
  subproblems: [],
  retryAfter
})

const reasons = {
  unreachable: "the certificate authority cannot be reached",
  timeout: "the certificate authority did not answer in time",
  unavailable: "the certificate authority is not available",
  "unexpected-answer": "the certificate authority answered with something that is not ACME"
} as const

export const problemFromAcme = (error: AcmeError): Problem =>
  error._tag === "AcmeProblem"
    ? {
        type: error.type,
        status: error.status,
        detail: error.detail,
        subproblems: error.subproblems.map(({ detail, type }) => ({ type, detail })),
        retryAfter: error.retryAfter
      }
    : { ...problem("unavailable", reasons[error.reason], error.retryAfter ?? null), status: error.status ?? 0 }

/**
 * The type that decides. A 5xx answer (RFC 9110, section 15.6) means that the CA failed, whatever type it carries:
 * Let's Encrypt sends `rateLimited` with 503 when it is busy.
 */
export const decisiveType = ({ status, type }: Pick<Problem, "status" | "type">): string =>
  status >= 500 && type !== "unavailable" ? "serverInternal" : type

/** The CA's reason for an invalid order or challenge. */
export const invalidityProblem = (said: AcmeOrder["problem"]): Problem =>
  said === null
    ? problem("orderGone", "the order became invalid without a reason")
    : { type: said.type, status: 0, detail: said.detail, subproblems: [], retryAfter: null }

/**
 * An issuance cannot continue now. Never leaves the handler: `decideProblem` decides what happens next. The tag is
 * journaled, so it keeps its first name.
 */
export class IssuanceBlocked extends Schema.TaggedError<IssuanceBlocked>()("Hindered", { problem: Problem }) {
  override get message(): string {
    return `${this.problem.type}: ${this.problem.detail}`
  }
}
