import type { Duration, Redacted } from "effect"

/** Address, credentials and timeout of a server's HTTP interface. */
export interface ClickhouseOptions {
  /** Scheme, host and port. */
  readonly url: string
  readonly user: string
  readonly password: Redacted.Redacted
  readonly database: string
  readonly checkCertificate: boolean
  /** Timeout of one request including its whole response. */
  readonly requestTimeout: Duration.Duration
}

export type Parameters = Readonly<Record<string, unknown>>
