import { Context } from "effect"

/** What the scheduled jobs can be told. */
export class UpkeepSettings extends Context.Tag("ctrl-worker/UpkeepSettings")<
  UpkeepSettings,
  {
    /** Keys that one transaction refills. */
    readonly refillBatchSize: number
    /** Workspaces that used less in a month are never looked at. */
    readonly minimumUsage: number
  }
>() {}
