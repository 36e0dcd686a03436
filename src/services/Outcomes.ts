import { Context, Effect } from "effect"

/** `superseded`: given up before its build, because a newer commit of its branch waits too. */
export type DeployOutcome = "ready" | "failed" | "superseded" | "cancelled"

/** What schedules ask for, by the name that metrics and alerts have for it. */
export const scheduledTasks = ["cert_renewal", "domain_proofs", "key_refill", "quota_check", "scale_down_idle"] as const
export type ScheduledTask = (typeof scheduledTasks)[number]

export interface OutcomesShape {
  /** A deploy has ended, that many seconds after its deployment was created. */
  readonly deploy: (outcome: DeployOutcome, seconds: number) => Effect.Effect<void>
  /** A verification of a domain has ended. `failed`: a day has passed without success. */
  readonly domainVerification: (outcome: "verified" | "failed" | "cancelled") => Effect.Effect<void>
  /** The proof of a served domain is missing for the first time, was so for too long, or is there again in time. */
  readonly domainProof: (event: "missing" | "withdrawn" | "restored") => Effect.Effect<void>
  /** A run of scheduled work, or a part of one, could not end and was given up. */
  readonly runGivenUp: (task: ScheduledTask) => Effect.Effect<void>
}

/**
 * Counts what became of work that takes many attempts. Called within the step that writes the outcome, so never on replay;
 * a step whose result is lost on its way to Restate runs, and counts, once more. Nobody counts unless somebody is there to.
 */
export class Outcomes extends Context.Reference<Outcomes>()("ctrl-worker/Outcomes", {
  defaultValue: (): OutcomesShape => ({
    deploy: () => Effect.void,
    domainVerification: () => Effect.void,
    domainProof: () => Effect.void,
    runGivenUp: () => Effect.void
  })
}) {}
