/** A request to a CA. */
export interface AcmeRequest {
  readonly method: "GET" | "HEAD" | "POST"
  readonly url: string
  /** A signed request, as JSON. */
  readonly body?: object | undefined
}

/** The response, of any status. */
export interface AcmeResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Without parameters, lower case; empty when there is none. */
  readonly contentType: string
  readonly text: string
  /** The body parsed as JSON; undefined if it is not JSON. */
  readonly data: unknown
}
