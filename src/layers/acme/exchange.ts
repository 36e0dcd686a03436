/** What a CA is sent. */
export interface Request {
  readonly method: "GET" | "HEAD" | "POST"
  readonly url: string
  /** A signed request, as JSON. */
  readonly body?: object | undefined
}

/** What comes back, whatever its status. */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Without parameters, lower case; empty when there is none. */
  readonly contentType: string
  readonly text: string
  /** What the text says in JSON, undefined when it is not JSON. */
  readonly data: unknown
}
