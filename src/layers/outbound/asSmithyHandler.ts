import { HttpClientRequest, type HttpMethod } from "@effect/platform"
import { Effect, Either, Runtime } from "effect"
import type { OutboundError } from "./OutboundError.ts"
import type { OutboundHttp } from "./OutboundHttp.ts"

/** What the SDKs of AWS ask of a request handler, as far as texts and bytes go. */
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

interface SmithyAnswer {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** Signed with the request: its order and its encoding (RFC 3986) are the signature's. */
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
  // The method is the SDK's own, one of HTTP's.
  const empty = HttpClientRequest.make(request.method as HttpMethod.HttpMethod)(urlOf({ ...request, headers }), {
    headers: others
  })
  if (body === undefined || body.length === 0) return empty
  return typeof body === "string"
    ? HttpClientRequest.bodyText(empty, body, contentType)
    : HttpClientRequest.bodyUint8Array(empty, body, contentType)
}

/** The SDK repeats what fails by these names and codes alone. */
const errorOf = (error: OutboundError): Error => {
  const thrown = new Error(error.message, { cause: error })
  if (error._tag === "OutboundRefused") return thrown
  return error.reason === "timeout"
    ? Object.assign(thrown, { name: "TimeoutError" })
    : Object.assign(thrown, { code: "ECONNRESET" })
}

/** Takes the place of the handler of an SDK of AWS, which bounds no answer. */
export const asSmithyHandler = (send: OutboundHttp, runtime: Runtime.Runtime<never>) => ({
  handle: async (
    request: SmithyRequest,
    { abortSignal }: { readonly abortSignal?: AbortSignal } = {}
  ): Promise<{ readonly response: SmithyAnswer }> => {
    const answer = await Runtime.runPromise(runtime)(
      Effect.either(send(requestOf(request))),
      abortSignal === undefined ? {} : { signal: abortSignal }
    )
    const { bytes, headers, status } = Either.getOrThrowWith(answer, errorOf)
    return { response: { statusCode: status, headers: { ...headers }, body: bytes } }
  },
  destroy: () => undefined
})
