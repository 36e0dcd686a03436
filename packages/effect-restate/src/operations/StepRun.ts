import { PauseError, RetryableError, TerminalError } from "@restatedev/restate-sdk"
import { Cause, Effect, Either, Exit, type Fiber, FiberId, Option } from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import { publicError } from "../attempt/Defect.ts"
import { errorTypeOf } from "../attempt/errorType.ts"
import type { StepOutcome } from "../attempt/Observer.ts"
import { reportFailedRun } from "../attempt/reportFailedRun.ts"
import { logLive } from "../attempt/Telemetry.ts"
import { wholeMillis } from "../attempt/wholeMillis.ts"
import type { AnySchema } from "../contract/Contract.ts"
import { opaqueSerde } from "../contract/Serde.ts"
import { toTerminal } from "../contract/TypedFailure.ts"
import { StepTimedOut } from "./DurableError.ts"
import { forkLive } from "./forkLive.ts"
import type { PatientStep, StepRetry } from "./StepOptions.ts"

/** Options of a step of either kind. */
export interface AnyStep extends Omit<PatientStep<AnySchema, AnySchema>, "retry"> {
  readonly retry?: StepRetry | undefined
}

/** Of Node, some 24.8 days: a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1
const tooLarge = 413
const interrupted = 409
/** Metadata key that tells a result which could not be journaled from a step that was given up. */
const unjournalable = "effect/unjournalable"
const nothing = new Uint8Array(0)

/** Whether a step ended because its result could not be journaled. */
export const isUnjournalable = ({ metadata }: TerminalError): boolean => metadata?.[unjournalable] !== undefined

/** One execution of a step's body: a root fiber on the live runtime, observed until it ends or is cut off. */
export class StepRun {
  readonly #attempt: Attempt
  readonly #name: string
  readonly #options: AnyStep
  #body: Fiber.RuntimeFiber<unknown, unknown> | undefined
  /** True once nothing waits for it any more: a lost race, a cancellation, or its time is over. */
  #abandoned = false

  constructor(attempt: Attempt, name: string, options: AnyStep) {
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

const outcomeOf = (exit: Exit.Exit<unknown, unknown>, options: AnyStep): StepOutcome => {
  if (Exit.isSuccess(exit)) return "succeeded"
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) return options.error !== undefined && !isTransient(failure.value) ? "failed" : "defect"
  return Cause.isInterruptedOnly(exit.cause) ? "interrupted" : "defect"
}
