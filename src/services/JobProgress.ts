import { Context, type Effect } from "effect"

export type UpkeepJob = "key_refill" | "quota_check"

/**
 * Reports how many keys or workspaces the latest run of a job has processed. Recorded when work really runs, never on replay.
 */
export class JobProgress extends Context.Tag("ctrl-worker/JobProgress")<
  JobProgress,
  { readonly report: (job: UpkeepJob, done: number) => Effect.Effect<void> }
>() {}
