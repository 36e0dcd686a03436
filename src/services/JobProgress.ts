import { Context, type Effect } from "effect"

export type UpkeepJob = "key_refill" | "quota_check"

/** Shows operators how many keys or workspaces the latest run of a job has behind it. Called for what really ran, never for replay. */
export class JobProgress extends Context.Tag("ctrl-worker/JobProgress")<
  JobProgress,
  { readonly report: (job: UpkeepJob, done: number) => Effect.Effect<void> }
>() {}
