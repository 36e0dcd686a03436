import { Context, type Effect } from "effect"
import type { DbFailure } from "./Db.ts"

/** A workspace as the quota check sees it. */
export interface WorkspaceQuota {
  readonly workspaceId: string
  readonly orgId: string
  readonly name: string
  readonly stripeCustomerId: string | null
  readonly tier: string | null
  readonly enabled: boolean
  /** null without a row in `quota`. */
  readonly requestsPerMonth: number | null
}

export class QuotaStore extends Context.Tag("ctrl-worker/QuotaStore")<
  QuotaStore,
  {
    /** The workspaces among these ids that exist, in the order of ids. At most 100 ids. */
    readonly find: (workspaceIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<WorkspaceQuota>, DbFailure>
  }
>() {}
