import { type HttpBody, HttpClientRequest } from "@effect/platform"
import { Effect, Option, type Scope } from "effect"
import { openAgent } from "./agent.ts"
import type { Bounds } from "./bounds.ts"
import {
  exchange,
  failureOf,
  isRedirect,
  type OutboundAnswer,
  type OutboundRequest,
  type Reading,
  retryHint
} from "./exchange.ts"
import { withinBounds } from "./inFlight.ts"
import { type OutboundError, OutboundRefused } from "./OutboundError.ts"

export interface OutboundOptions {
  readonly bounds: Bounds
  /** Default `whole`. With `head` the connection is closed after the headers and the answer has no body. */
  readonly reading?: Reading
  /** `same-origin`: up to 3 are followed, with all headers, as long as scheme, host and port stay. Default `refused`. */
  readonly redirects?: "refused" | "same-origin"
  /** PEM. Trusted instead of the system's roots. */
  readonly certificateAuthorities?: string | undefined
  /** Default true. */
  readonly checkCertificate?: boolean | undefined
  /**
   * The configured host of a neighbour whose answers name further hosts: these must have public addresses, unless its
   * own are not.
   */
  readonly namedBy?: string | undefined
}

/**
 * Sends one request and answers with all of what came back, whatever its status, within the bounds of the neighbour. It
 * takes no proxy from the environment, follows no redirect but those of `redirects`, accepts no content coding, and
 * leaves no trace: no span, no trace context in the request, nothing of it in an error.
 */
export type OutboundHttp = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<OutboundAnswer, OutboundError>

const mostRedirects = 3

const bodyOf = (body: HttpBody.HttpBody): string | Uint8Array | null => {
  switch (body._tag) {
    case "Empty":
      return null
    case "Uint8Array":
      return body.body
    case "Raw":
      if (typeof body.body === "string") return body.body
  }
  throw new TypeError("only texts and bytes are sent to a neighbour")
}

const isHttp = ({ protocol }: URL): boolean => protocol === "http:" || protocol === "https:"

const prepared = (
  neighbour: string,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<OutboundRequest, OutboundRefused> =>
  HttpClientRequest.toUrl(request).pipe(
    Option.filter(isHttp),
    Effect.mapBoth({
      onSuccess: (url) => ({ method: request.method, url, headers: request.headers, body: bodyOf(request.body) }),
      onFailure: () => new OutboundRefused({ neighbour, reason: "refused-address" })
    })
  )

/** The request at the new place, when that is of the same origin and the request may be repeated there as it is (RFC 9110, section 15.4). */
const redirected = (request: OutboundRequest, { headers, status }: OutboundAnswer): Option.Option<OutboundRequest> => {
  const { location } = headers
  if (location === undefined || !URL.canParse(location, request.url.href)) return Option.none()
  const url = new URL(location, request.url)
  const keepsMethod = request.method === "GET" || request.method === "HEAD" || status === 307 || status === 308
  return keepsMethod && url.origin === request.url.origin ? Option.some({ ...request, url }) : Option.none()
}

/** The layers tell that a neighbour is away. What this client refuses by itself is told here. */
const logRefusal = (error: OutboundError) => {
  const { message: problem, neighbour, reason } = error
  if (error._tag === "OutboundRefused")
    return Effect.logWarning("The answer of a neighbour was refused", { neighbour, reason, problem })
  return reason === "busy" ? Effect.logWarning("Too many calls to a neighbour wait", { neighbour }) : Effect.void
}

/** A client for one neighbour, with connections of its own until the scope closes. Opening it connects to nothing. */
export const openOutbound = (options: OutboundOptions): Effect.Effect<OutboundHttp, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { bounds, reading = "whole", redirects = "refused" } = options
    const { neighbour } = bounds
    const agent = yield* Effect.acquireRelease(
      Effect.sync(() => openAgent({ ...options, maxBytes: bounds.maxBytes, maxConnections: bounds.maxInFlight })),
      (opened) => Effect.promise(() => opened.destroy())
    )
    const bounded = yield* withinBounds(bounds)

    const once = (request: OutboundRequest) =>
      Effect.tryPromise({
        try: (signal) => exchange(agent, neighbour, reading, request, signal),
        catch: (error) => failureOf(neighbour, error)
      })

    const follow = (request: OutboundRequest, left: number): Effect.Effect<OutboundAnswer, OutboundError> =>
      Effect.flatMap(once(request), (answer) => {
        if (!isRedirect(answer.status)) return Effect.succeed(answer)
        const next = left > 0 ? redirected(request, answer) : Option.none()
        return Option.match(next, {
          onNone: () =>
            new OutboundRefused({ neighbour, reason: "redirected", status: answer.status, ...retryHint(answer) }),
          onSome: (again) => follow(again, left - 1)
        })
      })

    return (request) =>
      prepared(neighbour, request).pipe(
        Effect.flatMap((ready) => bounded(follow(ready, redirects === "same-origin" ? mostRedirects : 0))),
        Effect.tapError(logRefusal)
      )
  })
