import { Schema } from "effect"

/** The admin API could not be reached, gave no answer in time, or cannot serve right now. Whether it took the request is unknown. */
export class AdminUnavailable extends Schema.TaggedError<AdminUnavailable>()("AdminUnavailable", {
  url: Schema.String,
  reason: Schema.String,
  /** Of an answer that says so. None: there was no answer. */
  status: Schema.optional(Schema.Number),
  /** What `fetch` rejected with. */
  cause: Schema.optional(Schema.Defect)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `${this.url}: ${this.reason}`
  }
}

/** Restate knows no such invocation or deployment, or has forgotten it. */
export class AdminNotFound extends Schema.TaggedError<AdminNotFound>()("AdminNotFound", {
  url: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.url}: ${this.reason}`
  }
}

/** It cannot be done to what is there: the invocation is over, or is in another state; the deployment differs from a registered one. */
export class AdminConflict extends Schema.TaggedError<AdminConflict>()("AdminConflict", {
  url: Schema.String,
  status: Schema.Number,
  reason: Schema.String,
  /** Restate's own code, such as `META0004`, which its documentation explains. */
  code: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `${this.url}: ${this.reason}`
  }
}

/** Restate refuses the request as it is: a query that is no SQL, an id that is none, a caller without permission. */
export class AdminRefused extends Schema.TaggedError<AdminRefused>()("AdminRefused", {
  url: Schema.String,
  status: Schema.Number,
  reason: Schema.String,
  /** Restate's own code, where it has one. */
  code: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `${this.url}: status ${this.status}: ${this.reason}`
  }
}
