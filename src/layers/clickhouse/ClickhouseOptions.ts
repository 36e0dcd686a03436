import type { Duration, Redacted } from "effect"

/** Where a server answers over HTTP, who we are to it, and how long it may take. */
export interface ClickhouseOptions {
  /** Scheme, host and port. */
  readonly url: string
  readonly user: string
  readonly password: Redacted.Redacted
  readonly database: string
  readonly checkCertificate: boolean
  /** Of one request, from sending it to its whole answer. */
  readonly requestTimeout: Duration.Duration
}

export type Parameters = Readonly<Record<string, unknown>>
