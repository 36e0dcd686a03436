import { HttpClient, HttpClientError, HttpClientRequest, type HttpMethod } from "@effect/platform"
import { NodeHttpClient, Undici } from "@effect/platform-node"
import { Clock, Duration, Effect, Option, Predicate, type Scope } from "effect"
import { type AcmeError, type AcmeOperation, AcmeUnavailable } from "../../services/Acme.ts"
import type { Answer, Request } from "./exchange.ts"
import { problemOf } from "./problemOf.ts"

/** Three of them, which is what a call needs at most before a nonce is refused, stay under a step's usual 30 s. */
const requestTimeout = Duration.seconds(8)
/** A chain of certificates has 4 KB to 10 KB. */
const largestAnswer = 1024 * 1024

/** RFC 8555 section 6.1 wants the client to say who it is. */
const userAgent = "control-plane-worker acme-client/5.4.0"

/** Sends one request, never more, and follows no redirection. Whatever status comes back is an answer. */
export type Transport = (operation: AcmeOperation, request: Request) => Effect.Effect<Answer, AcmeUnavailable>

const parsed = (contentType: string, text: string): unknown =>
  contentType.endsWith("json") ? Option.getOrUndefined(Option.liftThrowable(JSON.parse)(text)) : undefined

const execute = (http: HttpClient.HttpClient, { body, method, url }: Request) =>
  Effect.gen(function* () {
    const response = yield* http.execute(
      HttpClientRequest.make(method satisfies HttpMethod.HttpMethod)(url).pipe(
        HttpClientRequest.setHeader("user-agent", userAgent),
        body === undefined
          ? (request) => request
          : HttpClientRequest.bodyText(JSON.stringify(body), "application/jose+json")
      )
    )
    const contentType = (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? ""
    const text = yield* response.text
    const answer: Answer = {
      status: response.status,
      headers: response.headers,
      contentType,
      text,
      data: parsed(contentType, text)
    }
    return answer
  })

/** Why a connection failed, in the system's own word such as CERT_HAS_EXPIRED: nothing of a request can be in it. */
const codeOf = (error: HttpClientError.HttpClientError): string => {
  const code = Predicate.hasProperty(error.cause, "code") ? error.cause.code : undefined
  return typeof code === "string" && /^[A-Z0-9_]+$/.test(code) ? code : "unknown"
}

const unavailable = (operation: AcmeOperation, reason: AcmeUnavailable["reason"], status?: number) =>
  new AcmeUnavailable({ operation, reason, ...(status !== undefined && { status }) })

/** An answer that begins and does not end is not one that ACME knows; before that, nobody has answered. */
const broken = (operation: AcmeOperation) => (error: HttpClientError.HttpClientError) =>
  Effect.zipRight(
    Effect.logWarning("The certificate authority did not answer a request", { operation, code: codeOf(error) }),
    unavailable(operation, error._tag === "RequestError" ? "unreachable" : "unexpected-answer")
  )

/** Lets a successful answer pass; any other is the problem it states, or says that the CA is not well. */
export const accepted =
  (operation: AcmeOperation) =>
  (answer: Answer): Effect.Effect<Answer, AcmeError> =>
    Effect.gen(function* () {
      if (answer.status >= 200 && answer.status < 300) return answer
      const problem = problemOf(operation, answer, yield* Clock.currentTimeMillis)
      if (Option.isSome(problem)) return yield* problem.value
      return yield* unavailable(operation, answer.status >= 500 ? "unavailable" : "unexpected-answer", answer.status)
    })

/**
 * A transport of its own: connections, trusted roots and timeouts are shared with nobody. With `certificateAuthorities`,
 * PEM, these are trusted instead of the public ones.
 */
export const acmeTransport = (
  certificateAuthorities: string | undefined
): Effect.Effect<Transport, never, Scope.Scope> =>
  Effect.gen(function* () {
    const agent = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Undici.Agent({
            maxResponseSize: largestAnswer,
            ...(certificateAuthorities !== undefined && { connect: { ca: certificateAuthorities } })
          })
      ),
      (opened) => Effect.promise(() => opened.destroy())
    )
    // A CA is a stranger: it is not told our trace, and a span for each nonce would bury the ones worth reading.
    const http = NodeHttpClient.makeUndici(agent).pipe(HttpClient.withTracerDisabledWhen(() => true))
    return (operation, request) =>
      execute(http, request).pipe(
        Effect.catchIf(HttpClientError.isHttpClientError, broken(operation)),
        Effect.timeoutFail({ duration: requestTimeout, onTimeout: () => unavailable(operation, "timeout") })
      )
  })
