import { TerminalError } from "@restatedev/restate-sdk"
import { Effect, Either, Option, type Schema } from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import type { Completion, Pending } from "../attempt/Journal.ts"
import type { DurablePromises } from "../contract/Capability.ts"
import { encodeFor, type Held, heldSerde, type SchemaSerde, serdeOf } from "../contract/Serde.ts"
import type { Durable } from "./Durable.ts"
import { AwaitRejected, type EncodingFailed, PromiseAlreadyCompleted } from "./DurableError.ts"
import { withCapability } from "./withCapability.ts"

/**
 * A value that a workflow's handlers wait for and complete. All handlers of one workflow id see the same promise under a name. It
 * is completed once, and stays so for as long as Restate retains the workflow, also when nothing has waited for it yet.
 */
export interface DurablePromise<A> {
  /** Waits until it is completed. A rejection is `AwaitRejected`, with its reason. */
  readonly get: Effect.Effect<A, AwaitRejected, Durable | DurablePromises>
  /** As `get`, or none while it is not completed. */
  readonly peek: Effect.Effect<Option.Option<A>, AwaitRejected, Durable | DurablePromises>
  /** Completes it. What does not fit the schema completes nothing. */
  readonly resolve: (
    value: A
  ) => Effect.Effect<void, EncodingFailed | PromiseAlreadyCompleted, Durable | DurablePromises>
  readonly reject: (reason: string) => Effect.Effect<void, PromiseAlreadyCompleted, Durable | DurablePromises>
}

/** The status by which Restate refuses a second completion. */
const conflict = 409

const rejected = (id: string, error: unknown): Effect.Effect<never, AwaitRejected> =>
  error instanceof TerminalError
    ? Effect.fail(new AwaitRejected({ id, code: error.code, reason: error.message }))
    : Effect.die(error)

const completed = (promise: string, completion: Completion): Effect.Effect<void, PromiseAlreadyCompleted> => {
  if (completion.ok) return Effect.void
  const { error } = completion
  return error instanceof TerminalError && error.code === conflict
    ? Effect.fail(new PromiseAlreadyCompleted({ promise }))
    : Effect.die(error)
}

/** Declares a durable promise of a workflow. Its value is stored through the schema. */
export const durablePromise = <A, I>(name: string, schema: Schema.Schema<A, I>): DurablePromise<A> => {
  const operation = `promise ${name}`
  const serdeIn = ({ handler }: Attempt): SchemaSerde<A> => serdeOf(schema, handler.limits.payloadBytes)
  const completing = (attempt: Attempt, complete: () => Pending): Effect.Effect<void, PromiseAlreadyCompleted> =>
    attempt.park(complete, (completion) => completed(name, completion), undefined, operation)
  return {
    get: withCapability("DurablePromises", (attempt) =>
      attempt.park(
        () => attempt.journal.getPromise(name, serdeIn(attempt)),
        // Decoded by the schema.
        (completion) => (completion.ok ? Effect.succeed(completion.value as A) : rejected(name, completion.error)),
        undefined,
        operation
      )
    ),
    peek: withCapability("DurablePromises", (attempt) =>
      attempt.park(
        () => attempt.journal.peekPromise(name, heldSerde(serdeIn(attempt))),
        (completion) => {
          if (!completion.ok) return rejected(name, completion.error)
          // Journal.peekPromise is a Pending<Held<A> | undefined>, decoded by the schema.
          const stored = completion.value as Held<A> | undefined
          return Effect.succeed(Option.map(Option.fromNullable(stored), ({ value }) => value))
        },
        undefined,
        operation
      )
    ),
    resolve: (value) =>
      withCapability("DurablePromises", (attempt): Effect.Effect<void, EncodingFailed | PromiseAlreadyCompleted> => {
        const encoded = encodeFor(operation, serdeIn(attempt), value)
        return Either.isLeft(encoded)
          ? encoded.left
          : completing(attempt, () => attempt.journal.resolvePromise(name, encoded.right))
      }),
    reject: (reason) =>
      withCapability("DurablePromises", (attempt) =>
        completing(attempt, () => attempt.journal.rejectPromise(name, reason))
      )
  }
}
