import { type Context, type RestatePromise, TerminalError } from "@restatedev/restate-sdk"
import { Effect } from "effect"
import { type Durable, withAttempt } from "./Durable.ts"

/**
 * An operation of the SDK's context that this package does not know, as an effect that waits, races and replays like any other.
 * `use` appends to the journal at once, the same on every attempt, and answers with the SDK's own promise of it, or a combination
 * of such promises. It fails as the promise does.
 *
 * The context of an object or a workflow has more than its type says. What `use` does with it is not checked: schemas, sizes and
 * who may write state are its author's to mind. The engine in memory has no context; its option `fromContext` says by name what
 * the operation answers there.
 */
export const fromContext = <A>(
  name: string,
  use: (context: Context) => RestatePromise<A>
): Effect.Effect<A, TerminalError, Durable> =>
  withAttempt((attempt) =>
    attempt.park(
      () => attempt.journal.fromContext(name, use),
      (completion): Effect.Effect<A, TerminalError> => {
        // What the promise that `use` made answers.
        if (completion.ok) return Effect.succeed(completion.value as A)
        const { error } = completion
        return error instanceof TerminalError ? Effect.fail(error) : Effect.die(error)
      },
      undefined,
      `fromContext ${name}`
    )
  )
