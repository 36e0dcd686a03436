import { Context, Effect } from "effect"

/** `superseded`: skipped before its build, because a newer commit of its branch is queued. */
export type DeployOutcome = "ready" | "failed" | "superseded" | "cancelled"

/** Scheduled tasks, as metrics and alerts name them. */
export const scheduledTasks = ["cert_renewal", "domain_proofs", "key_refill", "quota_check", "scale_down_idle"] as const
export type ScheduledTask = (typeof scheduledTasks)[number]

export interface BusinessMetricsService {
  /** A deploy ended, this many seconds after its deployment was created. */
  readonly deploy: (outcome: DeployOutcome, seconds: number) => Effect.Effect<void>
  /** A domain verification ended. `failed`: no success within a day. */
  readonly domainVerification: (outcome: "verified" | "failed" | "cancelled") => Effect.Effect<void>
  /** The ownership record of a served domain is missing for the first time, was missing for too long, or is back in time. */
  readonly domainProof: (event: "missing" | "withdrawn" | "restored") => Effect.Effect<void>
  /** A run of scheduled work, or a part of one, was abandoned. */
  readonly runGivenUp: (task: ScheduledTask) => Effect.Effect<void>
}

/**
 * Metrics of outcomes that take many attempts. Recorded within the step that writes the outcome, so not on replay; if the
 * step's result is lost on its way to Restate, the step runs and counts again. The default implementation records nothing.
 */
export class BusinessMetrics extends Context.Reference<BusinessMetrics>()("ctrl-worker/BusinessMetrics", {
  defaultValue: (): BusinessMetricsService => ({
    deploy: () => Effect.void,
    domainVerification: () => Effect.void,
    domainProof: () => Effect.void,
    runGivenUp: () => Effect.void
  })
}) {}
