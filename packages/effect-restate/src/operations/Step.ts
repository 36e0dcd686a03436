import { TerminalError } from "@restatedev/restate-sdk"
import { Effect, Option, type Schema } from "effect"
import type { Completion, RunOptions } from "../attempt/Journal.ts"
import { wholeMillis } from "../attempt/wholeMillis.ts"
import type { AnySchema } from "../contract/Contract.ts"
import type { Limits } from "../contract/Limits.ts"
import { opaqueSerde } from "../contract/Serde.ts"
import { fromTerminal } from "../contract/TypedFailure.ts"
import { type Durable, withAttempt } from "./Durable.ts"
import { EncodingFailed, StepFailed } from "./DurableError.ts"
import type { BoundedStep, Encoding, Fits, PatientStep } from "./StepOptions.ts"
import { type AnyStep, isUnjournalable, StepRun } from "./StepRun.ts"

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
} = (name: string, bodyOrOptions: Body | AnyStep = {}, options: AnyStep = {}) =>
  // The overloads tie what the body answers to its codecs; here it is only run.
  (Effect.isEffect(bodyOrOptions)
    ? journaled(name, bodyOrOptions, options)
    : (body: Body) => journaled(name, body, bodyOrOptions)) as never

const journaled = (name: string, body: Body, options: AnyStep) =>
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

const runOptions = ({ output, retry }: AnyStep, { payloadBytes }: Limits): RunOptions => {
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

const resume = (name: string, options: AnyStep, completion: Completion): Effect.Effect<unknown, unknown> => {
  if (completion.ok) return Effect.succeed(completion.value)
  const { error } = completion
  if (!(error instanceof TerminalError)) return Effect.die(error)
  const expected = options.error === undefined ? Option.none() : fromTerminal(options.error, error)
  const failure = Option.getOrElse(expected, () =>
    isUnjournalable(error) && options.retry === undefined
      ? new EncodingFailed({ target: `step ${name}`, problem: error.message })
      : new StepFailed({ step: name, code: error.code, reason: error.message })
  )
  return Effect.fail(failure)
}
