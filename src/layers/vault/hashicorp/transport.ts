import { HttpClientRequest, type HttpMethod } from "@effect/platform"
import { Option, type Runtime } from "effect"
import { asPromise } from "../../outbound/asPromise.ts"
import type { OutboundHttp } from "../../outbound/OutboundHttp.ts"

/** The request type of node-vault's transport. */
interface Outgoing {
  readonly method: string
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly signal: AbortSignal
}

interface Incoming {
  readonly statusCode: number
  readonly body: unknown
  readonly request: { readonly path: string }
}

export interface Transport {
  readonly defaults: () => (outgoing: Outgoing) => Promise<Incoming>
}

const parsed = (body: string): unknown => Option.getOrUndefined(Option.liftThrowable(JSON.parse)(body))

const requestOf = ({ headers, json, method, uri }: Outgoing): HttpClientRequest.HttpClientRequest => {
  // node-vault uses only HTTP methods and LIST.
  const request = HttpClientRequest.make(method as HttpMethod.HttpMethod)(uri, { headers })
  return json === undefined ? request : HttpClientRequest.bodyText(request, JSON.stringify(json), "application/json")
}

/**
 * Replaces node-vault's transport, which follows redirects and environment proxies with token and plaintext, disables
 * certificate checks if VAULT_SKIP_VERIFY is set, cannot be aborted, and includes token and plaintext in its errors. This one
 * rejects with an OutboundError.
 */
export const directTransport = (send: OutboundHttp, runtime: Runtime.Runtime<never>): Transport => {
  const ask = asPromise(send, runtime)
  const exchange = async (outgoing: Outgoing): Promise<Incoming> => {
    const { status, text } = await ask(requestOf(outgoing), outgoing.signal)
    return { statusCode: status, body: parsed(text), request: { path: new URL(outgoing.uri).pathname } }
  }
  return { defaults: () => exchange }
}
