import { Context, Effect, Option } from "effect"
import type { RequestInfo } from "../attempt/Journal.ts"
import { Durable, InsideStep, withAttempt } from "./Durable.ts"

export type { RequestInfo } from "../attempt/Journal.ts"

/** How this invocation was asked for: the headers of the caller's request, and what else the server tells. The same on every attempt. */
export const requestInfo: Effect.Effect<RequestInfo, never, Durable> = withAttempt(({ journal }) =>
  Effect.succeed(journal.request)
)

const none = Option.none<ReadonlyMap<string, string>>()

/**
 * Headers that the server sends with the attempt a step's body runs in, such as its trace context. They differ on each attempt, so
 * that a workflow does not see them: none outside of a step's body.
 */
export const attemptHeaders: Effect.Effect<Option.Option<ReadonlyMap<string, string>>> = Effect.contextWith(
  (context: Context.Context<never>) =>
    Option.match(Context.getOption(context, Durable), {
      onNone: () => none,
      onSome: (durable) => (durable instanceof InsideStep ? Option.some(durable.attempt.journal.attemptHeaders) : none)
    })
)
