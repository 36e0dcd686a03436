import type { Duration, Schema, Scope } from "effect"
import type { AnySchema } from "../contract/Contract.ts"
import type { Durable } from "./Durable.ts"
import type { EncodingFailed } from "./DurableError.ts"

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
