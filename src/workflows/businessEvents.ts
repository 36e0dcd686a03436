import { Effect } from "effect"

/** A fact about the work itself that operators and dashboards follow: its line of the log, when it is written, and its fields. */
interface BusinessEvent {
  readonly message: string
  readonly when: string
  readonly fields: ReadonlyArray<string>
}

/**
 * Every event by its name, which is the field `event` and never changes. Beside their own fields all have those of the
 * invocation and the ids that are known: `deployment_id`, `project_id`, `workspace_id`, `domain`.
 */
export const businessEvents = {
  "deploy.started": {
    message: "A deploy started",
    when: "a deployment that is neither ready nor failed begins",
    fields: []
  },
  "deploy.waiting": {
    message: "A deploy waits",
    when: "no build slot is free, or instances do not run yet. Once per wait; `regions` has the running and wanted replicas of each",
    fields: ["waiting_for", "position", "regions"]
  },
  "deploy.running": {
    message: "The instances of a deployment run",
    when: "enough instances run; `slow_regions` do not have them yet",
    fields: ["running_regions", "slow_regions"]
  },
  "deploy.ready": {
    message: "A deployment is ready",
    when: "its routes are moved and its last step is closed; `seconds` is the time since it was created",
    fields: ["seconds"]
  },
  "deploy.failed": {
    message: "A deploy failed",
    when: "it is marked as failed, with the reason of its step",
    fields: ["reason", "seconds"]
  },
  "deploy.superseded": {
    message: "A deploy was superseded by a newer one",
    when: "a newer commit of its branch took its place in the queue",
    fields: ["reason", "seconds"]
  },
  "deploy.cancelled": {
    message: "A deploy was cancelled",
    when: "its invocation was cancelled",
    fields: ["reason", "seconds"]
  },
  "build.queued": {
    message: "A build was queued",
    when: "a deploy asks for a build slot, which it may get at once",
    fields: ["build_id"]
  },
  "build.started": {
    message: "A build started",
    when: "the builder has taken it, or has taken it again",
    fields: ["build_id", "repository", "commit"]
  },
  "build.ended": {
    message: "A build ended",
    when: "it succeeded, failed or was cancelled",
    fields: ["build_id", "outcome", "seconds", "reason"]
  },
  "domain.verified": {
    message: "A custom domain is verified",
    when: "its records are right and its route is written",
    fields: []
  },
  "domain.failed": {
    message: "The verification of a custom domain failed",
    when: "24 hours of checks are over, or the name cannot be verified at all",
    fields: ["reason"]
  },
  "certificate.issued": {
    message: "A certificate was issued",
    when: "a new certificate is stored; `kind` is `first` or `renewal`, `expires_at` is in Unix milliseconds",
    fields: ["kind", "expires_at"]
  },
  "refill.completed": {
    message: "A key refill is complete",
    when: "the last key of a date is done; `keys` counts what this run refilled",
    fields: ["date", "keys"]
  },
  "quota_check.completed": {
    message: "A quota check is complete",
    when: "the last workspace was checked",
    fields: ["period", "workspaces", "exceeded", "notices"]
  },
  "renewal.completed": {
    message: "A check of all certificates is complete",
    when: "the last domain was checked; issuances go on by themselves",
    fields: ["checked", "triggered", "failed"]
  }
} as const satisfies Readonly<Record<string, BusinessEvent>>

type Events = typeof businessEvents
type Value = string | number | ReadonlyArray<string>

/**
 * Logs an event at level info, with its name as `event` and its fields at the top level of the line. In a workflow or in a step:
 * a replay does not log again. At least once: an attempt that is killed before the journal's next entry logs again.
 */
export const logEvent = <Name extends keyof Events>(
  event: Name,
  fields: { readonly [Field in Events[Name]["fields"][number]]?: Value }
): Effect.Effect<void> => Effect.annotateLogs(Effect.logInfo(businessEvents[event].message), { event, ...fields })
