import { Duration, Effect, Schema } from "effect"

/** A dependency that fails its check. Texts are shown to operators and hold no secret. */
export class DependencyFailed extends Schema.TaggedError<DependencyFailed>()("DependencyFailed", {
  reason: Schema.String,
  /** How to fix it. */
  advice: Schema.String
}) {
  override get message(): string {
    return `${this.reason}. ${this.advice}`
  }
}

/** An external service that the configuration may name. A configured service is required. */
export type Dependency = { readonly name: string } & (
  | { readonly _tag: "NotConfigured" }
  /** A call would have an effect: a message, a heartbeat. */
  | { readonly _tag: "NotCalled" }
  /** Probes it without side effects on workers, and returns a description. */
  | { readonly _tag: "Checked"; readonly probe: Effect.Effect<string, DependencyFailed> }
)

export const DependencyReport = Schema.Struct({
  name: Schema.String,
  status: Schema.Literal("ok", "failed", "configured", "not configured"),
  /** Total duration of the probe; null if none ran. */
  latencyMillis: Schema.NullOr(Schema.Number),
  /** The description or the reason of the failure; may be empty. */
  detail: Schema.String,
  /** How to fix a failure. */
  advice: Schema.NullOr(Schema.String)
})
export type DependencyReport = typeof DependencyReport.Type

/** Bounds concurrent connections; two dozen dependencies take a few rounds. */
const concurrency = 10

const unexpected = new DependencyFailed({
  reason: "failed unexpectedly",
  // The text of a defect may hold a secret.
  advice: "this is a bug in the worker; its cause is not shown, because it may hold a secret"
})

const timedOut = (within: Duration.Duration) =>
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
      Effect.timeoutFail({ duration: within, onTimeout: () => timedOut(within) }),
      Effect.map((detail) => ({ status: "ok" as const, detail, advice: null })),
      Effect.catchAll(({ advice, reason }) => Effect.succeed({ status: "failed" as const, detail: reason, advice })),
      Effect.timed,
      Effect.map(([took, outcome]) => ({ name, latencyMillis: Math.round(Duration.toMillis(took)), ...outcome }))
    )
  }

/**
 * Probes all dependencies, each within the time limit, and reports in the given order. Never fails: a failed probe is an entry
 * of the report.
 */
export const checkDependencies = (
  dependencies: ReadonlyArray<Dependency>,
  within: Duration.Duration
): Effect.Effect<ReadonlyArray<DependencyReport>> =>
  Effect.forEach(dependencies, check(within), { concurrency: concurrency })
