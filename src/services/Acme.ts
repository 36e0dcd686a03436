import { Context, type Effect, type Option, type Redacted, Schema } from "effect"
import type { DomainName } from "../names/DomainName.ts"

/** The requests of RFC 8555 and RFC 9773 that this worker makes, as named in errors, spans and metrics. */
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

/** One identifier's share of a problem (RFC 8555 section 6.7.1). */
export const AcmeSubproblem = Schema.Struct({
  type: Schema.String,
  identifier: Schema.NullOr(Schema.String),
  detail: Schema.String
})

/**
 * The CA refused, and said why in a problem document (RFC 7807). `type` is the part after `urn:ietf:params:acme:error:`, or
 * the whole type when it is not one of these. What to do about each type is the workflow's decision. Texts are the CA's, cut
 * to 500 characters; they hold no secret, because nothing secret is sent. Where the CA names a page at which a person has to
 * act, the detail ends with its whole address, of up to 2,000 characters.
 */
export class AcmeProblem extends Schema.TaggedError<AcmeProblem>()("AcmeProblem", {
  operation: AcmeOperation,
  type: Schema.String,
  status: Schema.Number,
  detail: Schema.String,
  subproblems: Schema.Array(AcmeSubproblem),
  /** Unix milliseconds before which the CA does not want to be asked again; null when it did not say. */
  retryAfter: Schema.NullOr(Schema.Number)
}) {
  override get message(): string {
    return `ACME ${this.operation}: ${this.type} (${this.status}): ${this.detail}`
  }
}

/** The CA did not answer, or not with anything that ACME knows. Class: retry. */
export class AcmeUnavailable extends Schema.TaggedError<AcmeUnavailable>()("AcmeUnavailable", {
  operation: AcmeOperation,
  reason: Schema.Literal("unreachable", "timeout", "unavailable", "unexpected-answer"),
  status: Schema.optional(Schema.Number),
  /** As in AcmeProblem; absent when the CA did not say. */
  retryAfter: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `ACME ${this.operation}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

export type AcmeError = AcmeProblem | AcmeUnavailable

/** Who we are to the CA. */
export interface AcmeAccount {
  /** PEM of a P-256 private key. */
  readonly key: Redacted.Redacted
  readonly url: string
}

const Problem = Schema.Struct({ type: Schema.String, detail: Schema.String })

/** RFC 8555 section 7.1.3. Its URL is all that is needed to go on with it, in any process. */
export const AcmeOrder = Schema.Struct({
  url: Schema.String,
  status: Schema.Literal("pending", "ready", "processing", "valid", "invalid"),
  authorizations: Schema.Array(Schema.String),
  finalizeUrl: Schema.String,
  certificateUrl: Schema.NullOr(Schema.String),
  problem: Schema.NullOr(Problem),
  /** Unix milliseconds. */
  expiresAt: Schema.NullOr(Schema.Number),
  /** Unix milliseconds before which the CA does not want to be polled again. */
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

/** RFC 8555 section 7.1.4. `name` is without the `*.` of a wildcard. Challenges come in no particular order. */
export const AcmeAuthorization = Schema.Struct({
  url: Schema.String,
  name: Schema.String,
  wildcard: Schema.Boolean,
  status: Schema.Literal("pending", "valid", "invalid", "deactivated", "expired", "revoked"),
  challenges: Schema.Array(AcmeChallenge),
  retryAfter: Schema.NullOr(Schema.Number)
})
export type AcmeAuthorization = typeof AcmeAuthorization.Type

/** When the CA suggests to renew (RFC 9773 section 4.2). Unix milliseconds. */
export const RenewalInfo = Schema.Struct({
  windowStart: Schema.Number,
  windowEnd: Schema.Number,
  retryAfter: Schema.NullOr(Schema.Number)
})
export type RenewalInfo = typeof RenewalInfo.Type

/** The CA will validate. */
export interface AcmeAnswered {
  /** Unix milliseconds before which the CA does not want to be asked for the result; null when it did not say. */
  readonly retryAfter: number | null
}

export interface AcmeOrderRequest {
  readonly names: ReadonlyArray<DomainName>
  /** The certificate that this one replaces, as RFC 9773 section 4.1 names it. */
  readonly replaces?: string
}

/**
 * A certificate authority. One call asks for one thing, with a fresh nonce where one is refused, and waits for nothing: when
 * and how often to ask is the workflow's business. Reading is safe to repeat; the rest says what a repetition does.
 */
export class Acme extends Context.Tag("ctrl-worker/Acme")<
  Acme,
  {
    /** Registers the key, or finds the account that has it: the same URL each time. Agrees to the CA's terms. */
    readonly register: (key: Redacted.Redacted) => Effect.Effect<string, AcmeError>
    /** Each call is a new order, so its URL must be journaled at once. An order alone issues nothing. */
    readonly createOrder: (account: AcmeAccount, request: AcmeOrderRequest) => Effect.Effect<AcmeOrder, AcmeError>
    readonly order: (account: AcmeAccount, url: string) => Effect.Effect<AcmeOrder, AcmeError>
    readonly authorization: (account: AcmeAccount, url: string) => Effect.Effect<AcmeAuthorization, AcmeError>
    /** What the CA must find for a token (RFC 8555 section 8.1). Asks nobody. */
    readonly keyAuthorization: (account: AcmeAccount, token: string) => Effect.Effect<string>
    /** Asks the CA to validate. Refused as `malformed` when the challenge is no longer pending: read its state first. */
    readonly answerChallenge: (account: AcmeAccount, url: string) => Effect.Effect<AcmeAnswered, AcmeError>
    /** `csr` in PEM. Refused as `orderNotReady` when the order is past it: read its state first. */
    readonly finalize: (account: AcmeAccount, order: AcmeOrder, csr: string) => Effect.Effect<AcmeOrder, AcmeError>
    /** PEM, leaf first, on the preferred chain when one is configured and offered. */
    readonly certificate: (account: AcmeAccount, order: AcmeOrder) => Effect.Effect<string, AcmeError>
    /** None when the CA has no renewal information. `certificateId` as RFC 9773 section 4.1 makes it. */
    readonly renewalInfo: (certificateId: string) => Effect.Effect<Option.Option<RenewalInfo>, AcmeError>
    /** Succeeds while the CA shows its directory, which takes no account and leaves no trace. */
    readonly check: Effect.Effect<void, AcmeError>
  }
>() {}
