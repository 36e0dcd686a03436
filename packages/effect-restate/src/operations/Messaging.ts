import { TerminalError } from "@restatedev/restate-sdk"
import { type Duration, Effect, Either, type Schema } from "effect"
import type { Completion, Scoping, Target } from "../attempt/Journal.ts"
import { wholeMillis } from "../attempt/wholeMillis.ts"
import type { Contract, Failure, HandlerName, Input, KeyedContract, Output } from "../contract/Contract.ts"
import { encodeFor, opaqueSerde, serdeOf } from "../contract/Serde.ts"
import { typedFailuresHeader } from "../contract/TypedFailure.ts"
import { withKey } from "../contract/withKey.ts"
import { calleeAnswer } from "./calleeAnswer.ts"
import { type Durable, withAttempt } from "./Durable.ts"
import { AwaitRejected, type CallFailed, type EncodingFailed } from "./DurableError.ts"

const typedFailures = { [typedFailuresHeader]: "true" }

const nameOf = ({ handler, service }: Target): string => `${service}/${handler}`

const handlerOf = <C extends Contract, H extends HandlerName<C>>(contract: C, handler: H) => {
  const declared = contract.handlers[handler]
  if (declared === undefined) throw new TypeError(`${contract.name} has no handler ${handler}`)
  return declared
}

const targetOf = (contract: Contract, key: string, handler: string): Target => ({
  service: contract.name,
  handler,
  key
})

/** All of it must be the same on every attempt. */
export interface CallOptions {
  /** Two sends or calls with the same key to the same handler are one invocation. */
  readonly idempotencyKey?: string
  /** What the handler finds in its `requestInfo`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Groups invocations, objects and workflows: those of another scope are others. 1 to 36 characters of `[a-zA-Z0-9_.-]`. A server
   * without scopes, which are experimental in Restate 1.7, fails the attempt.
   */
  readonly scope?: string
  /** Counts the invocation to a concurrency limit of its scope. */
  readonly limitKey?: string
}

export interface SendOptions extends CallOptions {
  readonly delay?: Duration.DurationInput
  /**
   * Asks the handler for failures with their fields, for those who attach to the invocation later. A private handler answers so
   * without being asked. Default false.
   */
  readonly attachable?: boolean
}

const scopingOf = ({ limitKey, scope }: CallOptions): Scoping => ({
  ...(scope === undefined ? {} : { scope }),
  ...(limitKey === undefined ? {} : { limitKey })
})

type Called<C extends Contract, H extends HandlerName<C>> = Effect.Effect<
  Output<C, H>,
  Failure<C, H> | CallFailed | EncodingFailed,
  Durable
>

/** A message that was sent. Restate gives it its id, which is there at once. */
export interface Sent {
  readonly invocationId: Effect.Effect<string, never, Durable>
}

/**
 * Calls another handler and waits: `call(Account, "a1", "Add", input)` under a key, `call(Mail, "Send", input)` of a service,
 * which has none. Failures that the callee's contract declares come back as the same classes, any
 * other as `CallFailed`. Interrupting the caller cancels the callee. An input that does not fit its schema, or is too large,
 * is `EncodingFailed`, here and on every attempt: the callee never hears of it, and nothing is journaled.
 */
export const call: {
  <C extends Contract<"service">, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    input: Input<C, H>,
    options?: CallOptions
  ): Called<C, H>
  <C extends KeyedContract, H extends HandlerName<C>>(
    contract: C,
    key: string,
    handler: H,
    input: Input<C, H>,
    options?: CallOptions
  ): Called<C, H>
} = (contract: Contract, ...args: ReadonlyArray<unknown>) => callUnder(contract, ...withKey<CallRest>(contract, args))

type CallRest = [handler: string, input: never, options?: CallOptions]

const callUnder = <C extends Contract, H extends HandlerName<C>>(
  contract: C,
  key: string,
  handler: H,
  input: Input<C, H>,
  options: CallOptions = {}
): Called<C, H> =>
  withAttempt((attempt): Effect.Effect<Output<C, H>, Failure<C, H> | CallFailed | EncodingFailed> => {
    const {
      handler: { limits },
      journal
    } = attempt
    const declared = handlerOf(contract, handler)
    const target = targetOf(contract, key, handler)
    const encoded = encodeFor(nameOf(target), opaqueSerde(declared.input, limits.payloadBytes), input)
    if (Either.isLeft(encoded)) return encoded.left
    let appended: ReturnType<typeof journal.call> | undefined
    const append = () => {
      appended = journal.call({
        target,
        input: encoded.right,
        outputSerde: opaqueSerde(declared.output, limits.payloadBytes),
        // A private handler tells its callers, which are never the ingress, without being asked.
        headers: { ...options.headers, ...(declared.ingress === "public" ? typedFailures : {}) },
        ...scopingOf(options),
        ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey })
      })
      return appended.result
    }
    const cancelCallee = (): Effect.Effect<void> => {
      const callee = appended
      if (callee === undefined) return Effect.void
      return attempt.park(
        () => callee.invocationId,
        // An invocation id is a string.
        (completion) => (completion.ok ? Effect.sync(() => journal.cancel(completion.value as string)) : Effect.void)
      )
    }
    return attempt.park(append, calleeAnswer(contract, handler), cancelCallee, `call ${nameOf(target)}`)
  })

/**
 * Sends a message, now or after a delay, and goes on. It is delivered exactly once even if this invocation fails later. An
 * input that does not fit its schema, or is too large, is `EncodingFailed`: nothing was sent.
 */
export const send: {
  <C extends Contract<"service">, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    input: Input<C, H>,
    options?: SendOptions
  ): Effect.Effect<Sent, EncodingFailed, Durable>
  <C extends KeyedContract, H extends HandlerName<C>>(
    contract: C,
    key: string,
    handler: H,
    input: Input<C, H>,
    options?: SendOptions
  ): Effect.Effect<Sent, EncodingFailed, Durable>
} = (contract: Contract, ...args: ReadonlyArray<unknown>) => sendUnder(contract, ...withKey<SendRest>(contract, args))

type SendRest = [handler: string, input: unknown, options?: SendOptions]

const sendUnder = (
  contract: Contract,
  key: string,
  handler: string,
  input: unknown,
  options: SendOptions = {}
): Effect.Effect<Sent, EncodingFailed, Durable> =>
  withAttempt((attempt) => {
    const target = targetOf(contract, key, handler)
    const serde = opaqueSerde(handlerOf(contract, handler).input, attempt.handler.limits.payloadBytes)
    return Either.map(encodeFor(nameOf(target), serde, input), (encoded) => {
      const { attachable = false, delay, headers, idempotencyKey } = options
      const sent = attempt.journal.send({
        target,
        input: encoded,
        headers: { ...headers, ...(attachable ? typedFailures : {}) },
        ...scopingOf(options),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        ...(delay === undefined ? {} : { delayMillis: wholeMillis(delay) })
      })
      return {
        invocationId: withAttempt((current) =>
          current.park(
            () => sent.invocationId,
            // An invocation id is a string.
            (completion) => (completion.ok ? Effect.succeed(completion.value as string) : Effect.die(completion.error))
          )
        )
      }
    })
  })

/** Asks Restate to cancel another invocation. Does not wait for its compensations. */
export const cancel = (id: string): Effect.Effect<void, never, Durable> =>
  withAttempt((attempt) => Effect.sync(() => attempt.journal.cancel(id)))

const awaited =
  (id: string) =>
  <A>(completion: Completion): Effect.Effect<A, AwaitRejected> => {
    // Decoded by the schema given to awakeable or signal.
    if (completion.ok) return Effect.succeed(completion.value as A)
    const { error } = completion
    if (!(error instanceof TerminalError)) return Effect.die(error)
    return Effect.fail(new AwaitRejected({ id, code: error.code, reason: error.message }))
  }

/** A promise that a caller of the ingress, or another handler, completes by its id. */
export interface Awakeable<A> {
  readonly id: string
  readonly result: Effect.Effect<A, AwaitRejected, Durable>
}

export const awakeable = <A, I>(schema: Schema.Schema<A, I>): Effect.Effect<Awakeable<A>, never, Durable> =>
  withAttempt((attempt) =>
    Effect.sync(() => {
      const { id, result } = attempt.journal.awakeable(serdeOf(schema, attempt.handler.limits.payloadBytes))
      return {
        id,
        result: withAttempt((current) => current.park(() => result, awaited(id)<A>, undefined, "awakeable"))
      }
    })
  )

/** Completes an awakeable of another invocation, or fails when the value does not fit: it then still waits. */
export const resolveAwakeable = <A, I>(
  id: string,
  schema: Schema.Schema<A, I>,
  value: A
): Effect.Effect<void, EncodingFailed, Durable> =>
  withAttempt(({ handler, journal }) =>
    Either.map(encodeFor("awakeable", serdeOf(schema, handler.limits.payloadBytes), value), (bytes) =>
      journal.resolveAwakeable(id, bytes)
    )
  )

export const rejectAwakeable = (id: string, reason: string): Effect.Effect<void, never, Durable> =>
  withAttempt((attempt) => Effect.sync(() => attempt.journal.rejectAwakeable(id, reason)))

/**
 * Waits for a named signal sent to this invocation. Use another name for each wait of an invocation: restate-server 1.7.12 resumes one
 * that waits for a name as soon as it is suspended when an earlier signal of that name is in its journal, which costs an attempt per
 * inactivity timeout.
 */
export const signal = <A, I>(name: string, schema: Schema.Schema<A, I>): Effect.Effect<A, AwaitRejected, Durable> =>
  withAttempt((attempt) =>
    attempt.park(
      () => attempt.journal.signal(name, serdeOf(schema, attempt.handler.limits.payloadBytes)),
      awaited(name)<A>,
      undefined,
      `signal ${name}`
    )
  )
