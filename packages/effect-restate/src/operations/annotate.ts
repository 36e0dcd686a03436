import { Effect } from "effect"
import type { Attributes } from "../contract/Attributes.ts"
import { type Durable, withAttempt } from "./Durable.ts"

/**
 * Adds to what the invocation is about: from here on every log line of the attempt has these fields, and its span and those of
 * later steps have them as attributes. Journals nothing: called again on a replay, it holds for that attempt too.
 */
export const annotate = (attributes: Attributes): Effect.Effect<void, never, Durable> =>
  withAttempt((attempt) => Effect.sync(() => attempt.annotate(attributes)))
