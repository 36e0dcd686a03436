import { Context, type Effect, Schema } from "effect"
import type { DbFailure } from "../Db.ts"

/** The workspace data of the quota check. */
export const WorkspaceQuota = Schema.Struct({
  workspaceId: Schema.String,
  orgId: Schema.String,
  name: Schema.String,
  stripeCustomerId: Schema.NullOr(Schema.String),
  tier: Schema.NullOr(Schema.String),
  enabled: Schema.Boolean,
  /** Null if there is no row in `quota`. */
  requestsPerMonth: Schema.NullOr(Schema.Number)
})
export type WorkspaceQuota = typeof WorkspaceQuota.Type

export class QuotaStore extends Context.Tag("ctrl-worker/QuotaStore")<
  QuotaStore,
  {
    /** The existing workspaces of these ids, by id. At most 100 ids. */
    readonly find: (workspaceIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<WorkspaceQuota>, DbFailure>
    /** Those of them whose quota is above zero and at most this many requests per month, by id. At most 1000 ids. */
    readonly findLimited: (
      workspaceIds: ReadonlyArray<string>,
      most: number
    ) => Effect.Effect<ReadonlyArray<WorkspaceQuota>, DbFailure>
  }
>() {}
