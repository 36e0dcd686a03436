import { type HttpBody, HttpClientRequest } from "@effect/platform"
import { Effect, Option, type Scope } from "effect"
import { openAgent } from "./agent.ts"
import type { Bounds } from "./bounds.ts"
import {
  exchange,
  failureOf,
  isRedirect,
  type OutboundRequest,
  type OutboundResponse,
  type Reading,
  retryHint
} from "./exchange.ts"
import { limitInFlight } from "./limitInFlight.ts"
import { type OutboundError, OutboundRefused } from "./OutboundError.ts"

export interface OutboundOptions {
  readonly bounds: Bounds
  /** Default `whole`. `head` closes the connection after the headers and returns no body. */
  readonly reading?: Reading
  /** `same-origin` follows up to 3 redirects, with all headers, within the same scheme, host and port. Default `refused`. */
  readonly redirects?: "refused" | "same-origin"
  /** PEM. Replaces the system's trusted roots. */
  readonly certificateAuthorities?: string | undefined
  /** Default true. */
  readonly checkCertificate?: boolean | undefined
  /**
   * Set for a service whose responses name further hosts: the configured host. Further hosts must have public addresses, unless
   * the configured host has a private one.
   */
  readonly configuredHost?: string | undefined
}

/**
 * Sends one request and returns the whole response, of any status, within the service's bounds. It uses no proxy from the
 * environment, follows no redirect except by `redirects`, accepts no content coding, and leaves no trace: no span, no trace
 * context in the request, no content in errors.
 */
export type OutboundHttp = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<OutboundResponse, OutboundError>

const maxRedirects = 3

const bodyOf = (body: HttpBody.HttpBody): string | Uint8Array | null => {
  switch (body._tag) {
    case "Empty":
      return null
    case "Uint8Array":
      return body.body
    case "Raw":
      if (typeof body.body === "string") return body.body
  }
  throw new TypeError("only text and bytes can be sent")
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

/** The redirected request, if it has the same origin and may be repeated unchanged (RFC 9110, section 15.4). */
const redirected = (
  request: OutboundRequest,
  { headers, status }: OutboundResponse
): Option.Option<OutboundRequest> => {
  const { location } = headers
  if (location === undefined || !URL.canParse(location, request.url.href)) return Option.none()
  const url = new URL(location, request.url)
  const keepsMethod = request.method === "GET" || request.method === "HEAD" || status === 307 || status === 308
  return keepsMethod && url.origin === request.url.origin ? Option.some({ ...request, url }) : Option.none()
}

/** Logs what this client itself refuses. Unavailability is logged by the layers. */
const logRefusal = (error: OutboundError) => {
  const { message: problem, neighbour, reason } = error
  if (error._tag === "OutboundRefused")
    return Effect.logWarning("Refused a response of a remote service", { neighbour, reason, problem })
  return reason === "busy"
    ? Effect.logWarning("Too many calls to a remote service are waiting", { neighbour })
    : Effect.void
}

/** A client for one service, with its own connections until the scope closes. Opening it does not connect. */
export const openOutbound = (options: OutboundOptions): Effect.Effect<OutboundHttp, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { bounds, reading = "whole", redirects = "refused" } = options
    const { neighbour } = bounds
    const agent = yield* Effect.acquireRelease(
      Effect.sync(() => openAgent({ ...options, maxBytes: bounds.maxBytes, maxConnections: bounds.maxInFlight })),
      (opened) => Effect.promise(() => opened.destroy())
    )
    const bounded = yield* limitInFlight(bounds)

    const once = (request: OutboundRequest) =>
      Effect.tryPromise({
        try: (signal) => exchange(agent, neighbour, reading, request, signal),
        catch: (error) => failureOf(neighbour, error)
      })

    const follow = (request: OutboundRequest, left: number): Effect.Effect<OutboundResponse, OutboundError> =>
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
        Effect.flatMap((ready) => bounded(follow(ready, redirects === "same-origin" ? maxRedirects : 0))),
        Effect.tapError(logRefusal)
      )
  })
