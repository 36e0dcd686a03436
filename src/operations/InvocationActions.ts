import { Context, type Effect } from "effect"
import type { RestateAdminError } from "./RestateAdmin.ts"

/**
 * `accepted`: Restate does it. `not-found`: Restate does not know the invocation, or has forgotten it. `refused`: it cannot be
 * done in the state in which the invocation is; `reason` is Restate's own message.
 */
export type ActionOutcome =
  | { readonly _tag: "accepted" }
  | { readonly _tag: "not-found" }
  | { readonly _tag: "refused"; readonly reason: string }

type Action = (id: string) => Effect.Effect<ActionOutcome, RestateAdminError>

/** What an operator can do to one invocation. Every action is safe to repeat. */
export class InvocationActions extends Context.Tag("ctrl-worker/InvocationActions")<
  InvocationActions,
  {
    /**
     * Requests a cancellation, without waiting for the end: the invocation runs its compensations and fails with 409. A paused one
     * does so once it is resumed.
     */
    readonly cancel: Action
    /** Ends it as failed, with the invocations that it called. No compensation runs, and its key is released. */
    readonly kill: Action
    /** Starts an attempt at once, if it is paused, backs off or is suspended; it continues at the step that failed. */
    readonly resume: Action
  }
>() {}
