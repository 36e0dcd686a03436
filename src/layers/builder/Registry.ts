import type { Redacted } from "effect"

/** The registry that images are pushed to. */
export interface Registry {
  /** Host and optional path, without a tag. */
  readonly url: string
  readonly username: string
  readonly password: Redacted.Redacted
  /** Allows plain HTTP and untrusted certificates. */
  readonly insecure: boolean
}
