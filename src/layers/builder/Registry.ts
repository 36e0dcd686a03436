import type { Redacted } from "effect"

/** Where images are pushed. */
export interface Registry {
  /** Host and perhaps a path, without a tag. */
  readonly url: string
  readonly username: string
  readonly password: Redacted.Redacted
  /** Plain HTTP, or a certificate that no trusted authority has signed. */
  readonly insecure: boolean
}
