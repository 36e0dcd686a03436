/**
 * What an invocation is about, by names such as `order_id`: fields of its log lines and attributes of its spans. Of bounded
 * length, and no secret.
 */
export type Attributes = Readonly<Record<string, string>>

/** A request of an invocation, as its handler sees it. */
export interface InvocationRequest {
  readonly handler: string
  /** Empty for a service. */
  readonly key: string
  /** Decoded. */
  readonly input: unknown
}
