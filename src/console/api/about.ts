import { Schema } from "effect"
import { Source } from "../../operations/SourceUnavailable.ts"
import { Answer } from "./Answer.ts"

/** `GET /api/about`: this console, and the user who asks. */
export const About = Schema.Struct({
  version: Schema.String,
  /** Whether actions are switched on. */
  actions: Schema.Boolean,
  /** From the reverse proxy's header; null after a login with the token. */
  user: Schema.NullOr(Schema.String),
  /** Whether a login with the token is possible, and so a logout. */
  hasLogin: Schema.Boolean,
  /** The address of a trace, with `{trace_id}` in place of its id. */
  traceUrl: Schema.NullOr(Schema.String),
  /** The address of Restate's UI. */
  restateUi: Schema.NullOr(Schema.String),
  /** The sources that are configured. */
  sources: Schema.Array(Source)
})
export const AboutAnswer = Answer(About)
export type AboutJson = typeof About.Encoded
