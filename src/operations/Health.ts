import { Context, type Effect, Schema } from "effect"

/** Lifecycle of the process. Transitions only go forward. */
export type Lifecycle = "starting" | "started" | "shutting-down"

/** A failed check. Anyone who can call the health endpoint sees `reason`, so it holds no secret. */
export class HealthCheckFailed extends Schema.TaggedError<HealthCheckFailed>()("HealthCheckFailed", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** The result of each check: "ok", or the reason of the failure. */
export type CheckResults = Readonly<Record<string, string>>

/** An HTTP status and its body. */
export interface HealthReport {
  readonly status: 200 | 503
  readonly body: { readonly status: string; readonly checks?: CheckResults }
}

/**
 * The state behind the probes. All methods may be repeated; registering a name again replaces its check. Checks run in parallel
 * with a timeout of 500 ms each.
 *
 * The endpoint needs no authentication, so the checks run at most once a second and all callers share the result. A shutdown
 * and a newly registered check take effect at once.
 */
export class Health extends Context.Tag("ctrl-worker/Health")<
  Health,
  {
    readonly markStarted: Effect.Effect<void>
    /** From now on readiness fails, whatever the checks report. */
    readonly beginShutdown: Effect.Effect<void>
    readonly register: (name: string, check: Effect.Effect<void, HealthCheckFailed>) => Effect.Effect<void>
    /** Registers a check that is reported but does not affect readiness, for a dependency of only part of the work. */
    readonly registerInformational: (name: string, check: Effect.Effect<void, HealthCheckFailed>) => Effect.Effect<void>
    /** Succeeds once started, and while shutting down: a draining process must not be killed. */
    readonly liveness: Effect.Effect<HealthReport>
    /** Fails at once with 503, without a check, while 256 callers wait for a run. */
    readonly readiness: Effect.Effect<HealthReport>
  }
>() {}

const ok: HealthReport = { status: 200, body: { status: "ok" } }
const notStarted: HealthReport = { status: 503, body: { status: "not started" } }

export const livenessReport = (lifecycle: Lifecycle): HealthReport => (lifecycle === "starting" ? notStarted : ok)

/** The lifecycle decides first. A started process is ready if all required checks pass; informational checks have no effect. */
export const readinessReport = (
  lifecycle: Lifecycle,
  required: CheckResults,
  shown: CheckResults = {}
): HealthReport => {
  if (lifecycle === "starting") return notStarted
  if (lifecycle === "shutting-down") return { status: 503, body: { status: "shutting down" } }
  const checks = { ...required, ...shown }
  if (Object.keys(checks).length === 0) return ok
  return Object.values(required).every((result) => result === "ok")
    ? { status: 200, body: { status: "ok", checks } }
    : { status: 503, body: { status: "fail", checks } }
}
