import type { Undici } from "@effect/platform-node"
import { Predicate } from "effect"
import { AddressRefused } from "./addresses.ts"
import { type OutboundError, OutboundRefused, OutboundUnavailable } from "./OutboundError.ts"

/** One request. Header names are in lower case. */
export interface OutboundRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | null
}

/** A response of any status. */
export interface OutboundResponse {
  readonly status: number
  /** Names in lower case; repeated headers are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The final URL, after redirects within the same origin. */
  readonly url: URL
  /** Empty if only the head is read. */
  readonly bytes: Uint8Array
  /** The body decoded as UTF-8. */
  readonly text: string
}

/** Whether the body is read. */
export type Reading = "whole" | "head"

const flat = (headers: Undici.Dispatcher.ResponseData["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]]
    )
  )

/** A failure after the response headers, as opposed to one before. */
class BrokenOff extends Error {
  readonly head: Head
  constructor(head: Head, cause: unknown) {
    super("the answer does not end", { cause })
    this.head = head
  }
}

type Head = Pick<OutboundResponse, "status" | "headers">

/** The Retry-After header, also if reading the body fails. */
export const retryHint = ({ headers }: Pick<Head, "headers">): { readonly retryAfter?: string } => {
  const retryAfter = headers["retry-after"]
  return retryAfter === undefined ? {} : { retryAfter }
}

const isEncoded = ({ "content-encoding": coding = "" }: Readonly<Record<string, string>>): boolean =>
  !["", "identity"].includes(coding.trim().toLowerCase())

export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/**
 * Sends one request and reads the response, up to the agent's size limit. Follows no redirect. Rejects with an OutboundError or
 * an error of Node or undici; `failureOf` classifies it.
 */
export const exchange = async (
  agent: Undici.Dispatcher,
  neighbour: string,
  reading: Reading,
  { body, headers, method, url }: OutboundRequest,
  signal: AbortSignal
): Promise<OutboundResponse> => {
  const response = await agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: method as Undici.Dispatcher.HttpMethod, // undici checks that it is a token, and takes any
    headers: { ...headers, "accept-encoding": "identity" },
    body,
    signal,
    // One timeout covers the whole call, on Effect's Clock.
    headersTimeout: 0,
    bodyTimeout: 0
  })
  const head = { status: response.statusCode, headers: flat(response.headers), url }
  // Ignores the error event of the destroyed body.
  response.body.on("error", () => undefined)
  if (isEncoded(head.headers)) {
    response.body.destroy()
    throw new OutboundRefused({ neighbour, reason: "encoded", status: head.status, ...retryHint(head) })
  }
  if (reading === "head" || isRedirect(head.status)) {
    response.body.destroy()
    return { ...head, bytes: new Uint8Array(), text: "" }
  }
  const bytes = await response.body.bytes().catch((cause) => {
    throw new BrokenOff(head, cause)
  })
  return { ...head, bytes, text: new TextDecoder().decode(bytes) }
}

/** Errors nest: BrokenOff wraps undici's error, and an AggregateError has one error per address. */
const codesOf = (error: unknown, depth = 0): ReadonlyArray<string> => {
  if (!Predicate.isObject(error) || depth > 4) return []
  const own = "code" in error && typeof error.code === "string" ? [error.code] : []
  const nested = "errors" in error && Array.isArray(error.errors) ? error.errors : []
  const causes = "cause" in error ? [error.cause, ...nested] : nested
  return [...own, ...causes.flatMap((cause) => codesOf(cause, depth + 1))]
}

/** Codes are constants of Node, undici and OpenSSL; they contain no request or response data. */
const isErrorCode = (code: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(code)

/** Classifies a rejection of `exchange`. */
export const failureOf = (neighbour: string, error: unknown): OutboundError => {
  if (error instanceof OutboundRefused) return error
  if (error instanceof AddressRefused) return new OutboundRefused({ neighbour, reason: "refused-address" })
  const codes = codesOf(error).filter(isErrorCode)
  const hint = error instanceof BrokenOff ? retryHint(error.head) : {}
  if (codes.includes("UND_ERR_RES_EXCEEDED_MAX_SIZE"))
    return new OutboundRefused({ neighbour, reason: "too-large", ...hint })
  if (codes.includes("UND_ERR_CONNECT_TIMEOUT")) return new OutboundUnavailable({ neighbour, reason: "timeout" })
  const [code] = codes
  return new OutboundUnavailable({
    neighbour,
    reason: error instanceof BrokenOff ? "broken-off" : "unreachable",
    ...(code !== undefined && { code }),
    ...hint
  })
}
