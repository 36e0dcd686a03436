import { Context, type Effect, Schema } from "effect"

/** Where the process is in its life. It only ever moves forward. */
export type Lifecycle = "starting" | "started" | "shutting-down"

/** A check that did not pass. `reason` is shown to whoever may call the health endpoint, so it holds no secret. */
export class HealthCheckFailed extends Schema.TaggedError<HealthCheckFailed>()("HealthCheckFailed", {
  reason: Schema.String
}) {
  readonly class = "retry" as const

  override get message(): string {
    return this.reason
  }
}

/** What one check found: "ok", or why not. */
export type CheckResults = Readonly<Record<string, string>>

/** A status code and the body that goes with it. */
export interface HealthReport {
  readonly status: 200 | 503
  readonly body: { readonly status: string; readonly checks?: CheckResults }
}

/**
 * The state behind the probes. Marking and registering may be repeated; a check registered twice under one name is
 * replaced. Checks run in parallel and are given 500 ms each.
 *
 * Anyone who reaches the port may ask, without a password. So the checks run at most once a second, whatever is asked, and
 * what they found is shared for a second. A shutdown and a newly registered check show at once.
 */
export class Health extends Context.Tag("ctrl-worker/Health")<
  Health,
  {
    readonly markStarted: Effect.Effect<void>
    /** From here on the process reports that it takes no new work, whatever its checks say. */
    readonly beginShutdown: Effect.Effect<void>
    readonly register: (name: string, check: Effect.Effect<void, HealthCheckFailed>) => Effect.Effect<void>
    /**
     * Shows a check beside the others without deciding by it: for what only part of the work needs, so that the rest goes
     * on while it is away.
     */
    readonly show: (name: string, check: Effect.Effect<void, HealthCheckFailed>) => Effect.Effect<void>
    /** Alive once started, also while shutting down: a draining process must not be killed for draining. */
    readonly liveness: Effect.Effect<HealthReport>
    /** 503 at once, without a check, while 256 callers wait for a run. */
    readonly readiness: Effect.Effect<HealthReport>
  }
>() {}

const ok: HealthReport = { status: 200, body: { status: "ok" } }
const notStarted: HealthReport = { status: 503, body: { status: "not started" } }

export const decideLiveness = (lifecycle: Lifecycle): HealthReport => (lifecycle === "starting" ? notStarted : ok)

/** The lifecycle decides first; only a started process is as ready as its checks. What is only shown decides nothing. */
export const decideReadiness = (
  lifecycle: Lifecycle,
  deciding: CheckResults,
  shown: CheckResults = {}
): HealthReport => {
  if (lifecycle === "starting") return notStarted
  if (lifecycle === "shutting-down") return { status: 503, body: { status: "shutting down" } }
  const checks = { ...deciding, ...shown }
  if (Object.keys(checks).length === 0) return ok
  return Object.values(deciding).every((result) => result === "ok")
    ? { status: 200, body: { status: "ok", checks } }
    : { status: 503, body: { status: "fail", checks } }
}
