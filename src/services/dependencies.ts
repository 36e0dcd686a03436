import { Duration, Effect, Schema } from "effect"

/** A dependency that is not as the configuration says. Texts are shown to an operator and hold no secret. */
export class DependencyFailed extends Schema.TaggedError<DependencyFailed>()("DependencyFailed", {
  reason: Schema.String,
  /** What to do about it. */
  advice: Schema.String
}) {
  override get message(): string {
    return `${this.reason}. ${this.advice}`
  }
}

/** Something outside that the configuration may name. What is configured is required: somebody wanted it. */
export type Dependency = { readonly name: string } & (
  | { readonly _tag: "NotConfigured" }
  /** Calling it would be noticed: a message, a heartbeat. */
  | { readonly _tag: "NotCalled" }
  /** Asks it something that changes nothing that a worker uses, and answers with what it found. */
  | { readonly _tag: "Checked"; readonly probe: Effect.Effect<string, DependencyFailed> }
)

export const DependencyReport = Schema.Struct({
  name: Schema.String,
  status: Schema.Literal("ok", "failed", "configured", "not configured"),
  /** Of all that was asked; null when nothing was. */
  latencyMillis: Schema.NullOr(Schema.Number),
  /** What was found, or why it failed; empty when there is nothing to say. */
  detail: Schema.String,
  /** What to do about a failure. */
  advice: Schema.NullOr(Schema.String)
})
export type DependencyReport = typeof DependencyReport.Type

/** Ten connections at once disturb nobody, and two dozen dependencies are done in a few rounds. */
const atOnce = 10

const unexpected = new DependencyFailed({
  reason: "failed unexpectedly",
  // Nobody has cleared the text of a defect of secrets.
  advice: "this is a mistake of this program: its cause is not shown, because it could hold a secret"
})

const silent = (within: Duration.Duration) =>
  new DependencyFailed({
    reason: `no answer within ${Duration.format(within)}`,
    advice: "check its address, the network between here and there, and its load"
  })

const check =
  (within: Duration.Duration) =>
  (dependency: Dependency): Effect.Effect<DependencyReport> => {
    const { name } = dependency
    const nothing = { name, latencyMillis: null, detail: "", advice: null }
    if (dependency._tag === "NotConfigured") return Effect.succeed({ ...nothing, status: "not configured" })
    if (dependency._tag === "NotCalled") {
      return Effect.succeed({ ...nothing, status: "configured", detail: "is not called by a check" })
    }
    return dependency.probe.pipe(
      Effect.catchAllDefect(() => unexpected),
      Effect.disconnect,
      Effect.timeoutFail({ duration: within, onTimeout: () => silent(within) }),
      Effect.map((detail) => ({ status: "ok" as const, detail, advice: null })),
      Effect.catchAll(({ advice, reason }) => Effect.succeed({ status: "failed" as const, detail: reason, advice })),
      Effect.timed,
      Effect.map(([took, outcome]) => ({ name, latencyMillis: Math.round(Duration.toMillis(took)), ...outcome }))
    )
  }

/** Asks all of them, each within the time, and reports in the order given. Never fails: a failure is a line of the report. */
export const checkDependencies = (
  dependencies: ReadonlyArray<Dependency>,
  within: Duration.Duration
): Effect.Effect<ReadonlyArray<DependencyReport>> =>
  Effect.forEach(dependencies, check(within), { concurrency: atOnce })
