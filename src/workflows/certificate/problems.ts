import { Schema } from "effect"
import type { AcmeError, AcmeOrder } from "../../services/Acme.ts"

/** What stands between a domain and its certificate: the CA's problem types (RFC 8555 section 6.7) and our own ones below. */
export const Problem = Schema.Struct({
  /** A type of the CA, or one of `ownProblems`. */
  type: Schema.String,
  /** HTTP status of the CA's answer; 0 when there was none. */
  status: Schema.Number,
  /** For people. Holds nothing secret. */
  detail: Schema.String,
  /** Types and details by identifier, when the CA found several problems. */
  subproblems: Schema.Array(Schema.Struct({ type: Schema.String, detail: Schema.String })),
  /** Unix milliseconds before which the CA does not want to be asked again. */
  retryAfter: Schema.NullOr(Schema.Number)
})
export type Problem = typeof Problem.Type

/** Problems that no CA reports. */
const ownProblems = [
  /** The CA did not answer, or with something that is not ACME. */
  "unavailable",
  /** An order or authorization ended without a reason, expired, or is no longer known to the CA. */
  "orderGone",
  /** The CA takes longer than it should; its state has to be read again. */
  "slow",
  /** The host name has no route, so that frontline would refuse the CA's question. */
  "noRoute",
  /** The CA does not offer the kind of challenge that we can answer. */
  "noChallenge",
  /** The challenge of a customer's wildcard is not delegated to the record that we may write. */
  "notDelegated",
  /** No delegation domain is configured, so customers cannot have wildcards. */
  "noDelegationDomain",
  /** DNS servers gave no answer that counts. */
  "dnsSilent",
  /** Our record is not on every authoritative server. */
  "propagation",
  /** The DNS provider does not do its part now. */
  "dnsProvider",
  /** The record is not one that we may write, or no zone of ours takes it. */
  "dnsRefused",
  /** The certificate could not be written to the database. */
  "notStored",
  /** A stored key cannot be decrypted with the vault we have. */
  "keyUnreadable",
  /** The CA gave a certificate that is not what was ordered. */
  "badCertificate",
  /** Two certificates within a day are enough. */
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
 * The type that decides. An answer of 500 and above (RFC 9110 section 15.6) says that the CA failed, and nothing about the
 * domain or the account, whatever type comes with it: Let's Encrypt answers a busy service with 503 and `rateLimited`.
 */
export const decisiveType = ({ status, type }: Pick<Problem, "status" | "type">): string =>
  status >= 500 && type !== "unavailable" ? "serverInternal" : type

/** Why an order or a challenge became invalid, as the CA says it. */
export const invalidityProblem = (said: AcmeOrder["problem"]): Problem =>
  said === null
    ? problem("orderGone", "the order became invalid without a reason")
    : { type: said.type, status: 0, detail: said.detail, subproblems: [], retryAfter: null }

/** Ends an invocation's part of an issuance. Never leaves the handler: `decideProblem` says what happens next. */
export class IssuanceBlocked extends Schema.TaggedError<IssuanceBlocked>()("Hindered", { problem: Problem }) {
  override get message(): string {
    return `${this.problem.type}: ${this.problem.detail}`
  }
}
