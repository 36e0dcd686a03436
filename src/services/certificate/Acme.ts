import { Context, type Effect, type Option, type Redacted, Schema } from "effect"
import type { DomainName } from "../../names/DomainName.ts"

/** The RFC 8555 and RFC 9773 requests that this worker makes, as errors, spans and metrics name them. */
export const AcmeOperation = Schema.Literal(
  "directory",
  "new-account",
  "new-order",
  "order",
  "authorization",
  "challenge",
  "finalize",
  "certificate",
  "renewal-info"
)
export type AcmeOperation = typeof AcmeOperation.Type

/** One identifier's subproblem (RFC 8555 section 6.7.1). */
export const AcmeSubproblem = Schema.Struct({
  type: Schema.String,
  identifier: Schema.NullOr(Schema.String),
  detail: Schema.String
})

/**
 * The CA refused the request with a problem document (RFC 7807). `type` is the part after `urn:ietf:params:acme:error:`, or the
 * whole type outside that namespace. The workflow decides what to do about each type. Texts are the CA's, cut to 500
 * characters. They hold no secret, because requests carry none. If the CA names a page at which an operator has to act, the
 * detail ends with its full URL of up to 2,000 characters.
 */
export class AcmeProblem extends Schema.TaggedError<AcmeProblem>()("AcmeProblem", {
  operation: AcmeOperation,
  type: Schema.String,
  status: Schema.Number,
  detail: Schema.String,
  subproblems: Schema.Array(AcmeSubproblem),
  /** The CA's Retry-After as Unix milliseconds; null when absent. */
  retryAfter: Schema.NullOr(Schema.Number)
}) {
  override get message(): string {
    return `ACME ${this.operation}: ${this.type} (${this.status}): ${this.detail}`
  }
}

/** No response from the CA, or not a valid ACME response. Class: retry. */
export class AcmeUnavailable extends Schema.TaggedError<AcmeUnavailable>()("AcmeUnavailable", {
  operation: AcmeOperation,
  reason: Schema.Literal("unreachable", "timeout", "unavailable", "unexpected-answer"),
  status: Schema.optional(Schema.Number),
  /** As in AcmeProblem; absent when the CA sent none. */
  retryAfter: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `ACME ${this.operation}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

export type AcmeError = AcmeProblem | AcmeUnavailable

/** The ACME account of this worker. */
export interface AcmeAccount {
  /** PEM of a P-256 private key. */
  readonly key: Redacted.Redacted
  readonly url: string
}

const Problem = Schema.Struct({ type: Schema.String, detail: Schema.String })

/** RFC 8555 section 7.1.3. Any process can continue the order by its URL alone. */
export const AcmeOrder = Schema.Struct({
  url: Schema.String,
  status: Schema.Literal("pending", "ready", "processing", "valid", "invalid"),
  authorizations: Schema.Array(Schema.String),
  finalizeUrl: Schema.String,
  certificateUrl: Schema.NullOr(Schema.String),
  problem: Schema.NullOr(Problem),
  /** Unix milliseconds. */
  expiresAt: Schema.NullOr(Schema.Number),
  /** The CA's Retry-After for the next poll, in Unix milliseconds. */
  retryAfter: Schema.NullOr(Schema.Number)
})
export type AcmeOrder = typeof AcmeOrder.Type

export const AcmeChallenge = Schema.Struct({
  type: Schema.String,
  url: Schema.String,
  token: Schema.String,
  status: Schema.Literal("pending", "processing", "valid", "invalid"),
  problem: Schema.NullOr(Problem)
})
export type AcmeChallenge = typeof AcmeChallenge.Type

/** RFC 8555 section 7.1.4. `name` excludes the `*.` of a wildcard. The order of challenges has no meaning. */
export const AcmeAuthorization = Schema.Struct({
  url: Schema.String,
  name: Schema.String,
  wildcard: Schema.Boolean,
  status: Schema.Literal("pending", "valid", "invalid", "deactivated", "expired", "revoked"),
  challenges: Schema.Array(AcmeChallenge),
  retryAfter: Schema.NullOr(Schema.Number)
})
export type AcmeAuthorization = typeof AcmeAuthorization.Type

/** The CA's suggested renewal window (RFC 9773 section 4.2), in Unix milliseconds. */
export const RenewalInfo = Schema.Struct({
  windowStart: Schema.Number,
  windowEnd: Schema.Number,
  retryAfter: Schema.NullOr(Schema.Number)
})
export type RenewalInfo = typeof RenewalInfo.Type

/** The CA accepted the challenge response and will validate it. */
export interface ChallengeResponse {
  /** The CA's Retry-After for polling the result, in Unix milliseconds; null when absent. */
  readonly retryAfter: number | null
}

export interface AcmeOrderRequest {
  readonly names: ReadonlyArray<DomainName>
  /** The certificate that this order replaces, identified as in RFC 9773 section 4.1. */
  readonly replaces?: string
}

/**
 * A certificate authority. Each call makes one request, repeated with a fresh nonce after `badNonce`. No call polls: the
 * workflow decides when and how often to ask. Reads are safe to repeat; each other method states what a repetition does.
 */
export class Acme extends Context.Tag("ctrl-worker/Acme")<
  Acme,
  {
    /** Registers the account key, or finds its account; returns the same URL each time. Agrees to the CA's terms of service. */
    readonly register: (key: Redacted.Redacted) => Effect.Effect<string, AcmeError>
    /** Each call creates a new order, so journal its URL at once. An order alone issues nothing. */
    readonly createOrder: (account: AcmeAccount, request: AcmeOrderRequest) => Effect.Effect<AcmeOrder, AcmeError>
    readonly order: (account: AcmeAccount, url: string) => Effect.Effect<AcmeOrder, AcmeError>
    readonly authorization: (account: AcmeAccount, url: string) => Effect.Effect<AcmeAuthorization, AcmeError>
    /** The key authorization of a token (RFC 8555 section 8.1). Makes no request. */
    readonly keyAuthorization: (account: AcmeAccount, token: string) => Effect.Effect<string>
    /** Asks the CA to validate. Fails as `malformed` if the challenge is no longer pending: read its status first. */
    readonly respondToChallenge: (account: AcmeAccount, url: string) => Effect.Effect<ChallengeResponse, AcmeError>
    /** `csr` in PEM. Fails as `orderNotReady` if the order is past that state: read its status first. */
    readonly finalize: (account: AcmeAccount, order: AcmeOrder, csr: string) => Effect.Effect<AcmeOrder, AcmeError>
    /** The chain in PEM, leaf first; the preferred chain if one is configured and offered. */
    readonly certificate: (account: AcmeAccount, order: AcmeOrder) => Effect.Effect<string, AcmeError>
    /** None if the CA does not support renewal information. `certificateId` as in RFC 9773 section 4.1. */
    readonly renewalInfo: (certificateId: string) => Effect.Effect<Option.Option<RenewalInfo>, AcmeError>
    /** Succeeds if the CA serves its directory. Needs no account and changes nothing. */
    readonly check: Effect.Effect<void, AcmeError>
  }
>() {}
