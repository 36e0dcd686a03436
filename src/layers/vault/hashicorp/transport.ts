import { once } from "node:events"
import { request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { text } from "node:stream/consumers"

/** What node-vault asks of a transport. */
interface Outgoing {
  readonly method: string
  readonly uri: string
  readonly headers: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly signal: AbortSignal
}

interface Incoming {
  readonly statusCode: number | undefined
  readonly body: unknown
  readonly request: { readonly path: string }
}

export interface Transport {
  readonly defaults: () => (outgoing: Outgoing) => Promise<Incoming>
}

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/**
 * Takes the place of node-vault's own transport, which follows redirects and proxies of the environment with the token
 * and the plaintext in hand, stops checking certificates when VAULT_SKIP_VERIFY is set, cannot be aborted, and puts
 * token and plaintext into its errors. This one speaks to the given address only, and always checks its certificate.
 */
export const directTransport = (ca: string | undefined): Transport => {
  const exchange = async ({ headers, json, method, signal, uri }: Outgoing): Promise<Incoming> => {
    const url = new URL(uri)
    const body = json === undefined ? undefined : JSON.stringify(json)
    const options = {
      method,
      signal,
      headers: {
        ...headers,
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) })
      }
    }
    const request =
      url.protocol === "https:"
        ? requestHttps(url, { ...options, ca, rejectUnauthorized: true })
        : requestHttp(url, options)
    // Whoever waits below hears of an error; one that comes when nobody waits any more must not end the process.
    request.on("error", () => undefined)
    const answered = once(request, "response")
    request.end(body)
    const [response] = await answered
    return { statusCode: response.statusCode, body: parsed(await text(response)), request: { path: url.pathname } }
  }
  return { defaults: () => exchange }
}
