import { Effect, Schema } from "effect"
import type { Durable, StepFailed } from "effect-restate"
import { type AnySchema, type BoundedStep, type Fits, opaque, type PatientStep, step } from "effect-restate"
import { DatabaseRefused } from "../contract/errors.ts"
import { DbRefused } from "../services/Db.ts"

/** `step` without its overloads: those below tie success, failures and body to each other in the same way. */
const untyped = step as unknown as (
  name: string,
  body: Effect.Effect<unknown, unknown, unknown>,
  options: object
) => Effect.Effect<never, never, never>

/** Told where it happens, because a caller may be a message whose result has no waiting caller. */
const failRefused = ({ errno, operation, reason }: DbRefused): Effect.Effect<never, DatabaseRefused> =>
  Effect.zipRight(
    Effect.logError("The database refuses a statement, and would refuse it again", { operation, reason, errno }),
    new DatabaseRefused({ operation, reason, ...(errno === undefined ? {} : { errno }) })
  )

const unions = new WeakMap<AnySchema, AnySchema>()

/** Made once for each schema, as its serde is. */
const withRefusal = (failure: AnySchema): AnySchema => {
  const made = unions.get(failure) ?? Schema.Union(opaque(failure), DatabaseRefused)
  unions.set(failure, made)
  return made
}

/**
 * A step that asks the database. What the database refuses for good is journaled at once and fails as `DatabaseRefused`,
 * whatever else the step may fail with; what passes with time is repeated as in every step. A plain `step` with such a body
 * does not type-check.
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
