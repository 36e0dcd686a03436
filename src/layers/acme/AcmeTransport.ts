import { HttpClientRequest } from "@effect/platform"
import { Clock, Effect, Option, type Scope } from "effect"
import { type AcmeError, type AcmeOperation, AcmeUnavailable } from "../../services/certificate/Acme.ts"
import { authority } from "../outbound/bounds.ts"
import { type OutboundError, reasonOf, statusOf } from "../outbound/OutboundError.ts"
import { type OutboundHttp, openOutbound } from "../outbound/OutboundHttp.ts"
import { isSuccess } from "../outbound/status.ts"
import { acmeProblemOf } from "./acmeProblemOf.ts"
import type { AcmeRequest, AcmeResponse } from "./exchange.ts"
import { retryAfter } from "./retryAfter.ts"

/** RFC 8555 section 6.1 requires a User-Agent. */
const userAgent = "control-plane-worker acme-client/5.4.0"

/** Sends exactly one request, to the CA's own origin, and follows no redirect. Returns any status as a response. */
export type Transport = (operation: AcmeOperation, request: AcmeRequest) => Effect.Effect<AcmeResponse, AcmeUnavailable>

const parsed = (contentType: string, text: string): unknown =>
  contentType.endsWith("json") ? Option.getOrUndefined(Option.liftThrowable(JSON.parse)(text)) : undefined

const execute = (
  send: OutboundHttp,
  { body, method, url }: AcmeRequest
): Effect.Effect<AcmeResponse, OutboundError> => {
  const request = HttpClientRequest.make(method)(url).pipe(
    HttpClientRequest.setHeader("user-agent", userAgent),
    body === undefined ? (it) => it : HttpClientRequest.bodyText(JSON.stringify(body), "application/jose+json")
  )
  return Effect.map(send(request), ({ headers, status, text }) => {
    const contentType = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? ""
    return { status, headers, contentType, text, data: parsed(contentType, text) }
  })
}

const retryHint = (header: string | undefined, now: number): { readonly retryAfter?: number } => {
  const instant = retryAfter(header, now)
  return instant === null ? {} : { retryAfter: instant }
}

/** The error for a response that is not valid ACME, with its Retry-After. */
export const unexpected = (
  operation: AcmeOperation,
  { headers, status }: AcmeResponse
): Effect.Effect<never, AcmeUnavailable> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      new AcmeUnavailable({
        operation,
        reason: status >= 500 ? "unavailable" : "unexpected-answer",
        ...(!isSuccess({ status }) && { status }),
        ...retryHint(headers["retry-after"], now)
      })
  )

/** A truncated response is an unexpected answer; before the response starts, the CA is unreachable. */
const transportError = (operation: AcmeOperation) => (error: OutboundError) =>
  Effect.zipRight(
    Effect.logWarning("The certificate authority did not answer a request", {
      operation,
      reason: error.reason,
      code: error.code ?? "unknown"
    }),
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) =>
        new AcmeUnavailable({
          operation,
          reason: reasonOf(error),
          ...statusOf(error),
          ...retryHint(error.retryAfter, now)
        })
    )
  )

/**
 * A malicious CA could name any URL in its responses (RFC 8555, section 10.4 covers server-side request forgery only for the
 * CA). Let's Encrypt, ZeroSSL, Google Trust Services and Pebble use only URLs with the directory's scheme, host and port: for
 * nonces, accounts, orders, authorizations, challenges, certificates and renewal information.
 */
const isOfOrigin = (directoryUrl: string, url: string): boolean =>
  URL.canParse(url) && new URL(url).origin === new URL(directoryUrl).origin

const foreignOrigin = (operation: AcmeOperation) =>
  Effect.zipRight(
    Effect.logWarning("The certificate authority returned a URL of another origin", { operation }),
    new AcmeUnavailable({ operation, reason: "unexpected-answer" })
  )

/** Returns a successful response; maps any other to its problem document or to `AcmeUnavailable`. */
export const okOrProblem =
  (operation: AcmeOperation) =>
  (answer: AcmeResponse): Effect.Effect<AcmeResponse, AcmeError> =>
    Effect.gen(function* () {
      if (isSuccess(answer)) return answer
      const problem = acmeProblemOf(operation, answer, yield* Clock.currentTimeMillis)
      if (Option.isSome(problem)) return yield* problem.value
      return yield* unexpected(operation, answer)
    })

/**
 * A dedicated transport for the CA of this directory: connections and trusted roots are not shared. `certificateAuthorities`
 * (PEM) replaces the public roots.
 */
export const acmeTransport = (
  directoryUrl: string,
  certificateAuthorities: string | undefined
): Effect.Effect<Transport, never, Scope.Scope> =>
  Effect.map(
    openOutbound({ bounds: authority, certificateAuthorities }),
    (send) => (operation, request) =>
      isOfOrigin(directoryUrl, request.url)
        ? Effect.catchAll(execute(send, request), transportError(operation))
        : foreignOrigin(operation)
  )
