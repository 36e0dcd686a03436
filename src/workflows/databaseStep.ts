import { Effect, Schema } from "effect"
import type { Durable, StepFailed } from "effect-restate"
import { type AnySchema, type BoundedStep, type Fits, opaque, type PatientStep, step } from "effect-restate"
import { DatabaseRefused } from "../contract/errors.ts"
import { DbRefused } from "../services/Db.ts"

/** `step` without its overloads; the overloads below tie output, error and body together in the same way. */
const untyped = step as unknown as (
  name: string,
  body: Effect.Effect<unknown, unknown, unknown>,
  options: object
) => Effect.Effect<never, never, never>

/** Logged here, because the caller may be a one-way message whose result is never read. */
const failRefused = ({ errno, operation, reason }: DbRefused): Effect.Effect<never, DatabaseRefused> =>
  Effect.zipRight(
    Effect.logError("The database refuses a statement permanently", { operation, reason, errno }),
    new DatabaseRefused({ operation, reason, ...(errno === undefined ? {} : { errno }) })
  )

const unions = new WeakMap<AnySchema, AnySchema>()

/** Cached by schema, like its serde. */
const withRefusal = (failure: AnySchema): AnySchema => {
  const made = unions.get(failure) ?? Schema.Union(opaque(failure), DatabaseRefused)
  unions.set(failure, made)
  return made
}

/**
 * A step that uses the database. A permanent refusal is journaled at once and fails as `DatabaseRefused`, in addition
 * to the step's own errors; a transient failure is retried as in every step. A plain `step` with such a body does not
 * type-check.
 */
export const databaseStep: {
  <A, E, R>(
    name: string,
    body: Effect.Effect<A, E, R> & Fits<A, Exclude<E, DbRefused>, R, typeof Schema.Void, typeof Schema.Never>
  ): Effect.Effect<void, DatabaseRefused, R | Durable>
  <A, E, R, S extends AnySchema = typeof Schema.Void, F extends AnySchema = typeof Schema.Never>(
    name: string,
    body: Effect.Effect<A, E, R>,
    options: PatientStep<S, F> & Fits<A, Exclude<E, DbRefused>, R, S, F>
  ): Effect.Effect<Schema.Schema.Type<S>, Schema.Schema.Type<F> | DatabaseRefused, NoInfer<R> | Durable>
  <A, E, R, S extends AnySchema = typeof Schema.Void, F extends AnySchema = typeof Schema.Never>(
    name: string,
    body: Effect.Effect<A, E, R>,
    options: BoundedStep<S, F> & Fits<A, Exclude<E, DbRefused>, R, S, F>
  ): Effect.Effect<Schema.Schema.Type<S>, Schema.Schema.Type<F> | DatabaseRefused | StepFailed, NoInfer<R> | Durable>
} = (name: string, body: Effect.Effect<unknown, unknown, unknown>, options: { readonly error?: AnySchema } = {}) => {
  const { error: failure } = options
  const guarded = Effect.catchAll(body, (error) =>
    error instanceof DbRefused ? failRefused(error) : Effect.fail<unknown>(error)
  )
  return untyped(name, guarded, { ...options, error: failure === undefined ? DatabaseRefused : withRefusal(failure) })
}
