import { Schema } from "effect"

const fields = {
  neighbour: Schema.String,
  code: Schema.optional(Schema.String),
  /** The header of an answer that began, as it came. */
  retryAfter: Schema.optional(Schema.String)
}

/**
 * There is no answer, and the next call may have one. `busy`: too many calls to this neighbour are in flight or wait.
 * `broken-off`: the answer began and did not end. `code` is the system's word, such as ECONNREFUSED or CERT_HAS_EXPIRED.
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
 * The neighbour answers or names what this worker does not accept: more bytes than the bound, a redirect (`status`), a
 * content coding that was not asked for, or an address that it may not send us to.
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

/** The same in the words that the errors of services share. */
export const reasonOf = (error: OutboundError): "unreachable" | "timeout" | "unexpected-answer" => {
  if (error._tag === "OutboundRefused" || error.reason === "broken-off") return "unexpected-answer"
  return error.reason === "timeout" ? "timeout" : "unreachable"
}

/** The status of a redirect, for errors that tell the status. */
export const statusOf = (error: OutboundError): { readonly status?: number } =>
  error._tag === "OutboundRefused" && error.status !== undefined ? { status: error.status } : {}
