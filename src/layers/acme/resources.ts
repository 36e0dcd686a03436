import { Effect, Option, Schema } from "effect"
import {
  type AcmeAuthorization,
  AcmeChallenge,
  type AcmeOperation,
  AcmeOrder,
  type AcmeUnavailable,
  type RenewalInfo
} from "../../services/certificate/Acme.ts"
import { unexpected } from "./AcmeTransport.ts"
import { innerProblem, ProblemDocument } from "./acmeProblemOf.ts"
import type { AcmeResponse } from "./exchange.ts"
import { retryAfter } from "./retryAfter.ts"

const Instant = Schema.transform(Schema.DateFromString.pipe(Schema.validDate()), Schema.Number, {
  strict: true,
  decode: (date) => date.getTime(),
  encode: (millis) => new Date(millis)
})

const WireOrder = Schema.Struct({
  status: AcmeOrder.fields.status,
  authorizations: Schema.Array(Schema.String),
  finalize: Schema.String,
  certificate: Schema.optional(Schema.String),
  error: Schema.optional(ProblemDocument),
  expires: Schema.optional(Instant)
})

const WireChallenge = Schema.Struct({
  ...AcmeChallenge.omit("problem").fields,
  error: Schema.optional(ProblemDocument)
})

const WireAuthorization = Schema.Struct({
  identifier: Schema.Struct({ value: Schema.String }),
  status: Schema.Literal("pending", "valid", "invalid", "deactivated", "expired", "revoked"),
  wildcard: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  challenges: Schema.Array(Schema.Unknown)
})

const WireRenewalInfo = Schema.Struct({ suggestedWindow: Schema.Struct({ start: Instant, end: Instant }) })

const problemOrNull = (problem: ProblemDocument | undefined) => (problem === undefined ? null : innerProblem(problem))

/** Decodes the response body with `schema`; fails as an unexpected answer otherwise. */
const decoded = <A, I>(operation: AcmeOperation, schema: Schema.Schema<A, I>, answer: AcmeResponse) =>
  Effect.catchAll(Schema.decodeUnknown(schema)(answer.data), () => unexpected(operation, answer))

/** RFC 8555 section 7.1.3. `url` is the order's URL if known; a new order is named by the Location header. */
export const orderOf = (
  operation: AcmeOperation,
  answer: AcmeResponse,
  url: string | undefined,
  now: number
): Effect.Effect<AcmeOrder, AcmeUnavailable> =>
  Effect.gen(function* () {
    const order = yield* decoded(operation, WireOrder, answer)
    return {
      url: yield* locationOf(operation, answer, url),
      status: order.status,
      authorizations: order.authorizations,
      finalizeUrl: order.finalize,
      certificateUrl: order.certificate ?? null,
      problem: problemOrNull(order.error),
      expiresAt: order.expires ?? null,
      retryAfter: retryAfter(answer.headers["retry-after"], now)
    }
  })

/** The URL of an existing resource, or the Location header of a new one. */
export const locationOf = (
  operation: AcmeOperation,
  answer: AcmeResponse,
  known?: string
): Effect.Effect<string, AcmeUnavailable> =>
  Effect.catchAll(Effect.fromNullable(known ?? answer.headers.location), () => unexpected(operation, answer))

/** Ignores challenges without a token: this worker cannot respond to their types. */
const challengeOf = (challenge: unknown): Option.Option<AcmeChallenge> =>
  Option.map(Schema.decodeUnknownOption(WireChallenge)(challenge), ({ error, ...rest }) => ({
    ...rest,
    problem: problemOrNull(error)
  }))

/** RFC 8555 section 7.1.4. */
export const authorizationOf = (
  answer: AcmeResponse,
  url: string,
  now: number
): Effect.Effect<AcmeAuthorization, AcmeUnavailable> =>
  Effect.map(decoded("authorization", WireAuthorization, answer), ({ challenges, identifier, status, wildcard }) => ({
    url,
    name: identifier.value,
    wildcard,
    status,
    challenges: challenges.flatMap((challenge) => Option.toArray(challengeOf(challenge))),
    retryAfter: retryAfter(answer.headers["retry-after"], now)
  }))

/** RFC 9773 section 4.2. A window that does not end after its start is an unexpected answer. */
export const renewalInfoOf = (answer: AcmeResponse, now: number): Effect.Effect<RenewalInfo, AcmeUnavailable> =>
  decoded("renewal-info", WireRenewalInfo, answer).pipe(
    Effect.filterOrElse(
      ({ suggestedWindow: { end, start } }) => end > start,
      () => unexpected("renewal-info", answer)
    ),
    Effect.map(({ suggestedWindow: { end, start } }) => ({
      windowStart: start,
      windowEnd: end,
      retryAfter: retryAfter(answer.headers["retry-after"], now)
    }))
  )
