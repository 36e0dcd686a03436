import { Context, type Effect } from "effect"
import type { DbFailure } from "../Db.ts"

/** The workspace data of the quota check. */
export interface WorkspaceQuota {
  readonly workspaceId: string
  readonly orgId: string
  readonly name: string
  readonly stripeCustomerId: string | null
  readonly tier: string | null
  readonly enabled: boolean
  /** Null if there is no row in `quota`. */
  readonly requestsPerMonth: number | null
}

export class QuotaStore extends Context.Tag("ctrl-worker/QuotaStore")<
  QuotaStore,
  {
    /** The existing workspaces of these ids, by id. At most 100 ids. */
    readonly find: (workspaceIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<WorkspaceQuota>, DbFailure>
  }
>() {}
