import { Cause, Effect, Exit, Schema } from "effect"
import { differencesOf } from "./Difference.ts"
import type { MemoryRestateOptions } from "./MemoryRestate.ts"

/**
 * A whole story on a fresh world: build services and engine with these options, send commands, and answer with
 * everything that must not depend on crashes: final rows, state, and how often each outside effect happened.
 */
export type Scenario<E, R, A = unknown> = (options: MemoryRestateOptions) => Effect.Effect<A, E, R>

/** The disturbances that led to an outcome which the scenario does not have undisturbed, and may not have disturbed. */
export class MatrixFailed extends Schema.TaggedError<MatrixFailed>()("MatrixFailed", {
  disturbed: Schema.Array(Schema.Struct({ disturbance: Schema.String, differences: Schema.Array(Schema.String) }))
}) {
  override get message(): string {
    const lines = this.disturbed.map(({ disturbance, differences }) => [disturbance, ...differences].join("\n  "))
    return `${this.disturbed.length} disturbances changed the outcome:\n${lines.join("\n")}`
  }
}

/** One way to run a scenario, and how its outcome differs from what it may be. */
export interface Disturbance<E, A> {
  readonly name: string
  readonly options: MemoryRestateOptions
  readonly judge: (outcome: Exit.Exit<A, E>, undisturbed: A) => ReadonlyArray<string>
}

/** What a scenario ended with instead of an observation. Errors come with their stacks and the errors behind them. */
export const failureOf = (cause: Cause.Cause<unknown>): string =>
  `the scenario failed: ${Cause.pretty(cause, { renderErrorCause: true })}`

/** The outcome has to be what it is undisturbed. */
export const mustNotChange = <E, A>(outcome: Exit.Exit<A, E>, undisturbed: A): ReadonlyArray<string> =>
  Exit.isSuccess(outcome) ? differencesOf(undisturbed, outcome.value) : [failureOf(outcome.cause)]

/** Runs the scenario once for each of the disturbances, and fails with all of those whose outcome it may not have. */
export const disturb = <E, R, A>(
  scenario: Scenario<E, R, A>,
  undisturbed: A,
  disturbances: ReadonlyArray<Disturbance<E, A>>
): Effect.Effect<void, MatrixFailed, R> =>
  Effect.gen(function* () {
    const outcomes = yield* Effect.forEach(disturbances, ({ judge, name, options }) =>
      Effect.suspend(() => scenario(options)).pipe(
        Effect.exit,
        Effect.map((outcome) => judge(outcome, undisturbed)),
        // Who judges may assert.
        Effect.catchAllCause((cause) => Effect.succeed([failureOf(cause)])),
        Effect.map((differences) => ({ disturbance: name, differences }))
      )
    )
    const disturbed = outcomes.filter(({ differences }) => differences.length > 0)
    if (disturbed.length > 0) return yield* new MatrixFailed({ disturbed })
  })
