import { Context, type Effect, Schema } from "effect"

/** The analytics database is unavailable. Class: retry. Carries no SQL and no values, only the server's error code. */
export class ClickhouseUnavailable extends Schema.TaggedError<ClickhouseUnavailable>()("ClickhouseUnavailable", {
  operation: Schema.String,
  reason: Schema.Literal("unreachable", "timeout", "denied", "refused", "unexpected-answer", "not-configured"),
  code: Schema.optional(Schema.String)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `ClickHouse ${this.operation}: ${this.reason}${this.code === undefined ? "" : ` (${this.code})`}`
  }
}

/** Usage of a workspace in one month. */
export const WorkspaceUsage = Schema.Struct({ workspaceId: Schema.String, used: Schema.Number })
export type WorkspaceUsage = typeof WorkspaceUsage.Type

export interface UsagePage {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** Minimum usage of a listed workspace. */
  readonly minimum: number
  /** Only workspaces with a greater id; empty for the first page. */
  readonly after: string
  readonly limit: number
}

/** Billable usage (verifications plus rate limits), ordered by workspace id. */
export class UsageSource extends Context.Tag("ctrl-worker/UsageSource")<
  UsageSource,
  { readonly page: (page: UsagePage) => Effect.Effect<ReadonlyArray<WorkspaceUsage>, ClickhouseUnavailable> }
>() {}

export interface TrafficQuery {
  /** At most 2000. One query covers all of them unless their ids are unusually long. */
  readonly deployments: ReadonlyArray<{
    readonly workspaceId: string
    readonly projectId: string
    readonly environmentId: string
    readonly deploymentId: string
  }>
  /** Unix milliseconds. */
  readonly since: number
}

/** Which deployments had requests. It fails if its source is unavailable, because an empty result would stop deployments. */
export class TrafficSource extends Context.Tag("ctrl-worker/TrafficSource")<
  TrafficSource,
  {
    /** Ids of the given deployments that had at least one request since `since`. */
    readonly withTraffic: (question: TrafficQuery) => Effect.Effect<ReadonlySet<string>, ClickhouseUnavailable>
  }
>() {}
