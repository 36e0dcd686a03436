import { Context, Effect } from "effect"

/** `superseded`: skipped before its build, because a newer commit of its branch is queued. */
export type DeployOutcome = "ready" | "failed" | "superseded" | "cancelled"

/** Scheduled tasks, as metrics and alerts name them. */
export const scheduledTasks = ["cert_renewal", "domain_proofs", "key_refill", "quota_check", "scale_down_idle"] as const
export type ScheduledTask = (typeof scheduledTasks)[number]

/** What workflows count or measure. */
export type MetricEvent =
  /** A deploy ended, this many seconds after its deployment was created. */
  | { readonly _tag: "DeployEnded"; readonly outcome: DeployOutcome; readonly seconds: number }
  /** A domain verification ended. `failed`: no success within a day. */
  | { readonly _tag: "DomainVerificationEnded"; readonly outcome: "verified" | "failed" | "cancelled" }
  /** The ownership record of a served domain is missing for the first time, was missing for too long, or is back in time. */
  | { readonly _tag: "DomainProofChanged"; readonly change: "missing" | "withdrawn" | "restored" }
  /** A run of scheduled work, or a part of one, was abandoned. */
  | { readonly _tag: "RunGivenUp"; readonly task: ScheduledTask }
  /** How many keys or workspaces the latest run of a job has processed. */
  | { readonly _tag: "JobProgressed"; readonly job: "key_refill" | "quota_check"; readonly done: number }
  | { readonly _tag: "AcmeOrder"; readonly outcome: "created" | "finalized" }
  | { readonly _tag: "IssuanceEnded"; readonly kind: "first" | "renewal"; readonly outcome: "stored" | "failed" }
  | { readonly _tag: "RenewalInfo"; readonly answer: "suggested" | "none" | "failed" }
  /** The type is the CA's or this worker's; unknown ones are counted as "other". */
  | { readonly _tag: "CertificateProblem"; readonly type: string }

interface MetricsService {
  readonly record: (event: MetricEvent) => Effect.Effect<void>
}

/**
 * Metrics of workflows. Record within the step that writes what happened, so that a replay does not count it; if the step's
 * result is lost on its way to Restate, the step runs and counts again. The default implementation records nothing.
 */
export class Metrics extends Context.Reference<Metrics>()("ctrl-worker/Metrics", {
  defaultValue: (): MetricsService => ({ record: () => Effect.void })
}) {}

export const recordMetric = (event: MetricEvent): Effect.Effect<void> =>
  Effect.flatMap(Metrics, ({ record }) => record(event))
