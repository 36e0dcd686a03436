import { HttpClientRequest, type HttpMethod } from "@effect/platform"
import type { Runtime } from "effect"
import { asPromise } from "./asPromise.ts"
import type { OutboundHttp } from "./OutboundHttp.ts"

export interface FetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
}

/** The part of a fetch Response that callers use. */
export type FetchResponse = Pick<
  Response,
  "status" | "statusText" | "url" | "headers" | "text" | "arrayBuffer" | "body"
>

const withBody = (request: HttpClientRequest.HttpClientRequest, body: FetchInit["body"]) => {
  const type = request.headers["content-type"] ?? "application/json; charset=utf-8"
  if (body === undefined) return request
  return typeof body === "string"
    ? HttpClientRequest.bodyText(request, body, type)
    : HttpClientRequest.bodyUint8Array(request, body, type)
}

/**
 * A `fetch` for libraries. It sends text or bytes, rejects with the OutboundError itself, and returns a response whose body is already
 * read.
 */
export const asFetch = (send: OutboundHttp, runtime: Runtime.Runtime<never>) => {
  const ask = asPromise(send, runtime)
  return async (
    url: string,
    { body, headers = {}, method = "GET", signal }: FetchInit = {}
  ): Promise<FetchResponse> => {
    // The library uses only HTTP methods.
    const request = withBody(HttpClientRequest.make(method as HttpMethod.HttpMethod)(url, { headers }), body)
    const { bytes, status, text, url: from, headers: received } = await ask(request, signal)
    return {
      status,
      statusText: "",
      url: from.href,
      headers: new Headers(received),
      get body() {
        return bytes.length === 0 ? null : new Response(Uint8Array.from(bytes)).body
      },
      text: () => Promise.resolve(text),
      arrayBuffer: () => Promise.resolve(Uint8Array.from(bytes).buffer)
    }
  }
}
