import { HttpClientRequest, type HttpMethod } from "@effect/platform"
import type { Runtime } from "effect"
import { asPromise } from "./asPromise.ts"
import type { OutboundError } from "./OutboundError.ts"
import type { OutboundHttp } from "./OutboundHttp.ts"

/** The request type of AWS SDK handlers, for text and bytes. */
interface SmithyRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | Array<string> | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
}

interface SmithyResponse {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** Part of the signature: order and encoding (RFC 3986) must not change. */
const queryOf = (query: SmithyRequest["query"] = {}): string =>
  Object.keys(query)
    .sort()
    .flatMap((name) => [query[name] ?? ""].flat().map((value) => `${escaped(name)}=${escaped(value)}`))
    .join("&")

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`)

const urlOf = ({ hostname, path, port, protocol, query }: SmithyRequest): string => {
  const search = queryOf(query)
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search === "" ? "" : `?${search}`}`
}

const requestOf = ({ body, headers, ...request }: SmithyRequest): HttpClientRequest.HttpClientRequest => {
  const contentType = headers["content-type"]
  const { host: _host, "content-length": _length, ...others } = headers
  // The SDK uses only HTTP methods.
  const empty = HttpClientRequest.make(request.method as HttpMethod.HttpMethod)(urlOf({ ...request, headers }), {
    headers: others
  })
  if (body === undefined || body.length === 0) return empty
  return typeof body === "string"
    ? HttpClientRequest.bodyText(empty, body, contentType)
    : HttpClientRequest.bodyUint8Array(empty, body, contentType)
}

/** The SDK decides on retries by these names and codes alone. */
const errorOf = (error: OutboundError): Error => {
  const thrown = new Error(error.message, { cause: error })
  if (error._tag === "OutboundRefused") return thrown
  return error.reason === "timeout"
    ? Object.assign(thrown, { name: "TimeoutError" })
    : Object.assign(thrown, { code: "ECONNRESET" })
}

/** Replaces an AWS SDK's request handler, which does not bound responses. */
export const asSmithyHandler = (send: OutboundHttp, runtime: Runtime.Runtime<never>) => {
  const ask = asPromise(send, runtime, errorOf)
  return {
    handle: async (
      request: SmithyRequest,
      { abortSignal }: { readonly abortSignal?: AbortSignal } = {}
    ): Promise<{ readonly response: SmithyResponse }> => {
      const { bytes, headers, status } = await ask(requestOf(request), abortSignal)
      return { response: { statusCode: status, headers: { ...headers }, body: bytes } }
    },
    destroy: () => undefined
  }
}
