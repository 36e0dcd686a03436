import { Context } from "effect"

/** Settings of the scheduled jobs. */
export class UpkeepSettings extends Context.Tag("ctrl-worker/UpkeepSettings")<
  UpkeepSettings,
  {
    /** Keys per refill transaction. */
    readonly refillBatchSize: number
    /** Workspaces with less monthly usage are not checked. */
    readonly minimumUsage: number
    /** Days without its ownership record after which a custom domain loses its route. */
    readonly daysWithoutProof: number
  }
>() {}
