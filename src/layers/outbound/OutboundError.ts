import { Schema } from "effect"

const fields = {
  neighbour: Schema.String,
  code: Schema.optional(Schema.String),
  /** The unparsed Retry-After header of the response. */
  retryAfter: Schema.optional(Schema.String)
}

/**
 * No response; the next call may get one. `busy`: too many calls to this service are in flight or waiting. `broken-off`: the
 * response was truncated. `code` is an error code such as ECONNREFUSED or CERT_HAS_EXPIRED.
 */
export class OutboundUnavailable extends Schema.TaggedError<OutboundUnavailable>()("OutboundUnavailable", {
  ...fields,
  reason: Schema.Literal("unreachable", "timeout", "busy", "broken-off")
}) {
  readonly retryable = true as const

  override get message(): string {
    return `${this.neighbour}: ${this.reason}${this.code === undefined ? "" : ` (${this.code})`}`
  }
}

/**
 * A response that this worker does not accept: too large, a redirect (`status`), an unrequested content coding, or a URL with a
 * forbidden address.
 */
export class OutboundRefused extends Schema.TaggedError<OutboundRefused>()("OutboundRefused", {
  ...fields,
  reason: Schema.Literal("too-large", "redirected", "encoded", "refused-address"),
  status: Schema.optional(Schema.Number)
}) {
  readonly retryable = false as const

  override get message(): string {
    return `${this.neighbour}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

export type OutboundError = OutboundUnavailable | OutboundRefused

/** The reason as the errors of services name it. */
export const reasonOf = (error: OutboundError): "unreachable" | "timeout" | "unexpected-answer" => {
  if (error._tag === "OutboundRefused" || error.reason === "broken-off") return "unexpected-answer"
  return error.reason === "timeout" ? "timeout" : "unreachable"
}

/** The failure of a delivery of which only the status counts: what answers otherwise refuses it. */
export const deliveryFailure = (
  error: OutboundError
): { readonly reason: "unreachable" | "timeout" | "refused"; readonly status?: number } => {
  if (error._tag === "OutboundRefused") return { reason: "refused", ...statusOf(error) }
  return { reason: error.reason === "timeout" ? "timeout" : "unreachable" }
}

/** The status of a redirect, for errors with a status. */
export const statusOf = (error: OutboundError): { readonly status?: number } =>
  error._tag === "OutboundRefused" && error.status !== undefined ? { status: error.status } : {}
