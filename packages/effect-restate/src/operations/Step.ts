import { PauseError, RetryableError, TerminalError } from "@restatedev/restate-sdk"
import {
  Cause,
  Context,
  DefaultServices,
  type Duration,
  Effect,
  Either,
  Exit,
  type Fiber,
  FiberId,
  FiberRef,
  FiberRefs,
  Option,
  Runtime,
  Scheduler,
  type Schema,
  type Scope
} from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import { publicError } from "../attempt/Defect.ts"
import { errorTypeOf } from "../attempt/errorType.ts"
import type { Completion, RunOptions } from "../attempt/Journal.ts"
import type { StepOutcome } from "../attempt/Observer.ts"
import { reportFailedRun } from "../attempt/reportFailedRun.ts"
import { logLive } from "../attempt/Telemetry.ts"
import { wholeMillis } from "../attempt/wholeMillis.ts"
import type { AnySchema } from "../contract/Contract.ts"
import type { Limits } from "../contract/Limits.ts"
import { opaqueSerde } from "../contract/Serde.ts"
import { fromTerminal, toTerminal } from "../contract/TypedFailure.ts"
import { Durable, InsideStep, withAttempt } from "./Durable.ts"
import { EncodingFailed, StepFailed, StepTimedOut } from "./DurableError.ts"

/**
 * How Restate repeats a step that ended with a defect or a transient failure. Every bound is approximate: Restate
 * counts anew when a sibling step is journaled in between. For an exact count use `Effect.retry` around the step.
 */
export interface StepRetry {
  readonly maxAttempts?: number
  readonly maxDuration?: Duration.DurationInput
  /** Default 50 ms. */
  readonly initialInterval?: Duration.DurationInput
  /** Default 10 s. */
  readonly maxInterval?: Duration.DurationInput
  /** Default 2. */
  readonly factor?: number
}

/** A failure that passes with time: retried by Restate instead of being journaled. */
export interface Transient {
  readonly retryable: true
}

/** The failures a step journals: all but the transient ones. */
export type Expected<E> = Exclude<E, Transient>

/** Says why a step does not type-check, where a plain mismatch would be pages long. */
interface Misfit<Problem extends string> {
  readonly "step does not type-check": Problem
}

/**
 * What a body must be to be journaled with these schemas: every outcome has a codec, nothing durable is inside, and what
 * it acquires it releases: a scope of the workflow would release it outside of any step, and not at all after a replay. An
 * unknown type is let through: the compiler shows one here before it has looked into a body with callbacks.
 */
export type Fits<A, E, R, S extends AnySchema, F extends AnySchema> =
  Journals<A, S> extends true
    ? Journals<Expected<E>, F> extends true
      ? IsWithin<Durable, R> extends true
        ? Misfit<"a durable operation cannot run inside a step">
        : IsWithin<Scope.Scope, R> extends true
          ? Misfit<"the body acquires into the workflow's scope: close it with Effect.scoped">
          : unknown
      : Misfit<"the body can fail in a way that `error` cannot journal">
    : Misfit<"`output` does not describe what the body answers">

type IsUnknown<T> = unknown extends T ? true : false
type IsWithin<T, Union> = IsUnknown<Union> extends true ? false : T extends Union ? true : false
type Journals<T, S extends AnySchema> =
  IsUnknown<T> extends true ? true : [T] extends [Schema.Schema.Type<S>] ? true : false

/** How a step without a retry policy fails whose result cannot be journaled; one without a result has nothing to encode. */
export type Encoding<S extends AnySchema> = [S] extends [typeof Schema.Void] ? never : EncodingFailed

interface CommonOptions<S extends AnySchema, F extends AnySchema> {
  /** Codec of the result. Left out when there is none. */
  readonly output?: S
  /** Codec of the expected failures. Left out when there are none. */
  readonly error?: F
  /**
   * Default `Limits.stepTimeout`, 30 s. Must stay well under the server's inactivity timeout (60 s unless configured): past it neither a
   * cancellation nor a timer reaches the invocation. A body that is cut off may still have had its effect.
   */
  readonly timeout?: Duration.DurationInput
}

/** Retried under the service's policy for as long as it takes, then paused for a person. Cannot fail with `StepFailed`. */
export interface PatientStep<S extends AnySchema, F extends AnySchema> extends CommonOptions<S, F> {
  readonly retry?: undefined
}

/** Gives up after the policy and fails with `StepFailed`, so that the workflow can react. */
export interface BoundedStep<S extends AnySchema, F extends AnySchema> extends CommonOptions<S, F> {
  readonly retry: StepRetry
}

type Body = Effect.Effect<unknown, unknown, unknown>
type Patient<R, S extends AnySchema, F extends AnySchema> = Effect.Effect<
  Schema.Schema.Type<S>,
  Schema.Schema.Type<F> | Encoding<S>,
  NoInfer<R> | Durable
>
type Bounded<R, S extends AnySchema, F extends AnySchema> = Effect.Effect<
  Schema.Schema.Type<S>,
  Schema.Schema.Type<F> | StepFailed,
  NoInfer<R> | Durable
>

interface StepOptions extends CommonOptions<AnySchema, AnySchema> {
  readonly retry?: StepRetry | undefined
}

/** Of Node, some 24.8 days: a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1
const tooLarge = 413
const interrupted = 409
/** Metadata key that tells a result which could not be journaled from a step that was given up. */
const unjournalable = "effect/unjournalable"
const nothing = new Uint8Array(0)

/**
 * Runs an effect once and journals what came of it: on every later attempt the journaled value is the answer and the
 * body does not run. A body that ends before its result is acknowledged runs again, so it must be safe to repeat.
 *
 * The body runs on the live runtime (real clock, real scheduler, no `Durable`). Expected failures are journaled
 * through `error` and replay as the same class; transient failures (`retryable: true`) and defects are retried by Restate,
 * and logged as `reportFailedRun` says.
 *
 * Both `step("read", body, options)` and `body.pipe(step("read", options))`; a body that answers nothing and only fails in
 * ways that pass needs no options.
 */
export const step: {
  <S extends AnySchema = typeof Schema.Void, F extends AnySchema = typeof Schema.Never>(
    name: string,
    options?: PatientStep<S, F>
  ): <A, E, R>(body: Effect.Effect<A, E, R> & Fits<A, E, R, S, F>) => Patient<R, S, F>
  <S extends AnySchema = typeof Schema.Void, F extends AnySchema = typeof Schema.Never>(
    name: string,
    options: BoundedStep<S, F>
  ): <A, E, R>(body: Effect.Effect<A, E, R> & Fits<A, E, R, S, F>) => Bounded<R, S, F>
  <A, E, R>(
    name: string,
    body: Effect.Effect<A, E, R> & Fits<A, E, R, typeof Schema.Void, typeof Schema.Never>
  ): Patient<R, typeof Schema.Void, typeof Schema.Never>
  <A, E, R, S extends AnySchema = typeof Schema.Void, F extends AnySchema = typeof Schema.Never>(
    name: string,
    body: Effect.Effect<A, E, R>,
    options: PatientStep<S, F> & Fits<A, E, R, S, F>
  ): Patient<R, S, F>
  <A, E, R, S extends AnySchema = typeof Schema.Void, F extends AnySchema = typeof Schema.Never>(
    name: string,
    body: Effect.Effect<A, E, R>,
    options: BoundedStep<S, F> & Fits<A, E, R, S, F>
  ): Bounded<R, S, F>
} = (name: string, bodyOrOptions: Body | StepOptions = {}, options: StepOptions = {}) =>
  // The overloads tie what the body answers to its codecs; here it is only run.
  (Effect.isEffect(bodyOrOptions)
    ? journaled(name, bodyOrOptions, options)
    : (body: Body) => journaled(name, body, bodyOrOptions)) as never

const journaled = (name: string, body: Body, options: StepOptions) =>
  withAttempt((attempt, fiber) => {
    const run = new StepRun(attempt, name, options)
    return attempt.park(
      () =>
        attempt.journal.run(
          name,
          (answer) => run.execute(body, fiber, answer),
          runOptions(options, attempt.handler.limits)
        ),
      (completion) => resume(name, options, completion),
      () => Effect.sync(() => run.abandon()),
      `step ${name}`
    )
  })

const withoutResult: RunOptions = { decode: () => undefined }

const runOptions = ({ output, retry }: StepOptions, { payloadBytes }: Limits): RunOptions => {
  const patient = output === undefined ? withoutResult : { decode: opaqueSerde(output, payloadBytes).deserialize }
  if (retry === undefined) return patient
  return {
    ...patient,
    ...(retry.maxAttempts === undefined ? {} : { maxAttempts: retry.maxAttempts }),
    ...(retry.maxDuration === undefined ? {} : { maxDurationMillis: wholeMillis(retry.maxDuration) }),
    initialIntervalMillis: wholeMillis(retry.initialInterval ?? 50),
    maxIntervalMillis: wholeMillis(retry.maxInterval ?? 10_000),
    factor: retry.factor ?? 2
  }
}

const resume = (name: string, options: StepOptions, completion: Completion): Effect.Effect<unknown, unknown> => {
  if (completion.ok) return Effect.succeed(completion.value)
  const { error } = completion
  if (!(error instanceof TerminalError)) return Effect.die(error)
  const expected = options.error === undefined ? Option.none() : fromTerminal(options.error, error)
  const failure = Option.getOrElse(expected, () =>
    error.metadata?.[unjournalable] !== undefined && options.retry === undefined
      ? new EncodingFailed({ target: `step ${name}`, problem: error.message })
      : new StepFailed({ step: name, code: error.code, reason: error.message })
  )
  return Effect.fail(failure)
}

/** One execution of a step's body: a root fiber on the live runtime, observed until it ends or is cut off. */
class StepRun {
  readonly #attempt: Attempt
  readonly #name: string
  readonly #options: StepOptions
  #body: Fiber.RuntimeFiber<unknown, unknown> | undefined
  /** True once nothing waits for it any more: a lost race, a cancellation, or its time is over. */
  #abandoned = false

  constructor(attempt: Attempt, name: string, options: StepOptions) {
    this.#attempt = attempt
    this.#name = name
    this.#options = options
  }

  abandon(): void {
    this.#abandoned = true
    this.#body?.unsafeInterruptAsFork(FiberId.none)
  }

  execute<A, E, R>(
    body: Effect.Effect<A, E, R>,
    workflow: Fiber.RuntimeFiber<unknown, unknown>,
    answer: (result: Uint8Array | Error) => void
  ): void {
    const { journal, handler, steps } = this.#attempt
    const info = { service: journal.target.service, handler: journal.target.handler, step: this.#name }
    const startedAt = journal.liveMillis()
    handler.observer.stepStarted(info)
    let timedOut = false
    const settle = (exit: Exit.Exit<A, E>): void => {
      const seconds = (journal.liveMillis() - startedAt) / 1000
      const outcome = timedOut ? "defect" : outcomeOf(exit, this.#options)
      const error = timedOut ? "StepTimedOut" : Exit.isSuccess(exit) ? undefined : errorTypeOf(exit.cause)
      handler.observer.stepEnded({ ...info, seconds, outcome, error })
      // Past the end of the attempt nothing waits for it: the body runs again on the next one.
      if (this.#attempt.ended) return
      const result = Exit.isSuccess(exit) ? this.#encode(exit.value) : this.#rejection(exit.cause)
      const isOver = !(result instanceof Error) || result instanceof TerminalError
      if (isOver && !timedOut) handler.failedRuns.ended(journal.invocationId, this.#name)
      answer(result)
    }
    const { attributes } = this.#attempt
    const traced = handler.traced ? Effect.withSpan(body, this.#name, { attributes, captureStackTrace: false }) : body
    const fiber = forkLive(this.#attempt, this.#name, traced, workflow)
    const ended = fiber.unsafePoll()
    // A body that never waits is over by now; it needs no timer and nothing can interrupt it.
    if (ended !== null) return settle(ended)
    this.#body = fiber
    steps.add(fiber)
    const timeoutMillis = Math.min(wholeMillis(this.#options.timeout ?? handler.limits.stepTimeout), longestTimer)
    const stopTimer = journal.timer(timeoutMillis, () => {
      timedOut = true
      fiber.unsafeInterruptAsFork(FiberId.none)
      const late = new StepTimedOut({ step: this.#name, millis: timeoutMillis })
      answer(this.#abandoned ? cutOff() : this.#retried(Cause.fail(late)))
      // Its answer is known: however it winds down, nothing waits for it.
      this.#abandoned = true
    })
    fiber.addObserver((exit) => {
      steps.delete(fiber)
      stopTimer()
      settle(exit)
    })
  }

  #encode(value: unknown): Uint8Array | Error {
    const { output } = this.#options
    if (output === undefined) return nothing
    const encoded = opaqueSerde(output, this.#attempt.handler.limits.payloadBytes).encode(value)
    if (Either.isRight(encoded)) return encoded.right
    const { bytes, problem } = encoded.left
    return this.#unjournalable(`its result: ${problem}`, bytes === undefined ? 500 : tooLarge)
  }

  /** Journaled as a failure: repeating the body would not help, and what waits behind this invocation must not wait for it. */
  #unjournalable(reason: string, errorCode: number): Error {
    return new TerminalError(reason, { errorCode, metadata: { [unjournalable]: "true" } })
  }

  #rejection(cause: Cause.Cause<unknown>): Error {
    const failure = Option.getOrUndefined(Cause.failureOption(cause))
    const { error: schema } = this.#options
    if (failure !== undefined && schema !== undefined && !isTransient(failure)) {
      const terminal = toTerminal(schema, failure, true)
      if (Option.isSome(terminal)) return terminal.value
    }
    if (Cause.isInterruptedOnly(cause)) return cutOff()
    const squashed = Cause.squash(cause)
    if (squashed instanceof TerminalError) return squashed
    if (!this.#abandoned) return this.#retried(cause)
    if (failure === undefined)
      logLive(this.#attempt, Effect.logError("A step ended with a defect", cause), { step: this.#name })
    return cutOff()
  }

  /** The journal's events get the class of a defect; its text, which may quote anything, goes to the log only. */
  #retried(cause: Cause.Cause<unknown>): Error {
    reportFailedRun(this.#attempt, this.#name, this.#options.retry, cause)
    const error = Cause.squash(cause)
    return error instanceof RetryableError || error instanceof PauseError
      ? error
      : publicError(`step ${this.#name}`, error)
  }
}

/** How a step ends that the workflow no longer waits for: a failed attempt would cut off and repeat its siblings. */
const cutOff = (): TerminalError => new TerminalError("the step was interrupted", { errorCode: interrupted })

const isTransient = (failure: unknown): boolean =>
  typeof failure === "object" && failure !== null && "retryable" in failure && failure.retryable === true

const outcomeOf = (exit: Exit.Exit<unknown, unknown>, options: StepOptions): StepOutcome => {
  if (Exit.isSuccess(exit)) return "succeeded"
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) return options.error !== undefined && !isTransient(failure.value) ? "failed" : "defect"
  return Cause.isInterruptedOnly(exit.cause) ? "interrupted" : "defect"
}

/**
 * Starts a body with the workflow fiber's context and fiber references, on the live default services and scheduler and
 * without a journal. The references are copied once, which is most of what starting a fiber costs.
 */
const forkLive = <A, E, R>(
  attempt: Attempt,
  name: string,
  body: Effect.Effect<A, E, R>,
  workflow: Fiber.RuntimeFiber<unknown, unknown>
): Fiber.RuntimeFiber<A, E> => {
  const { liveServices, blank } = attempt.handler
  const context = Context.add(workflow.currentContext, Durable, new InsideStep(attempt, name))
  const updateRefs = (_: FiberRefs.FiberRefs, fiberId: FiberId.Runtime): FiberRefs.FiberRefs =>
    FiberRefs.updateManyAs(workflow.getFiberRefs(), {
      forkAs: fiberId,
      entries: [
        [FiberRef.currentContext, [[fiberId, context]]],
        [DefaultServices.currentServices, [[fiberId, liveServices]]],
        [FiberRef.currentScheduler, [[fiberId, Scheduler.defaultScheduler]]]
      ]
    })
  // The body's requirements are among the workflow's: the type of `step` says so.
  return Runtime.runFork(blank as Runtime.Runtime<R>, body, { updateRefs })
}
