import { Context, type Effect, Schema } from "effect"

/**
 * The analytics database did not answer. Class: retry. Carries no SQL and no values, only the server's error code.
 */
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

/** What a workspace used in one month. */
export const WorkspaceUsage = Schema.Struct({ workspaceId: Schema.String, used: Schema.Number })
export type WorkspaceUsage = typeof WorkspaceUsage.Type

export interface UsagePage {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** Workspaces that used less are left out. */
  readonly minimum: number
  /** Only workspaces whose id sorts after this one; empty for the first page. */
  readonly after: string
  readonly limit: number
}

/** Billable usage, verifications and rate limits together, in the order of workspace ids. */
export class UsageSource extends Context.Tag("ctrl-worker/UsageSource")<
  UsageSource,
  { readonly page: (page: UsagePage) => Effect.Effect<ReadonlyArray<WorkspaceUsage>, ClickhouseUnavailable> }
>() {}

export interface TrafficQuestion {
  /** At most 1000. All of them are looked up with one query. */
  readonly deployments: ReadonlyArray<{
    readonly workspaceId: string
    readonly projectId: string
    readonly environmentId: string
    readonly deploymentId: string
  }>
  /** Unix milliseconds. */
  readonly since: number
}

/**
 * Which deployments had requests. It fails rather than answer from a source that is not there: an answer of nothing stops
 * deployments.
 */
export class TrafficSource extends Context.Tag("ctrl-worker/TrafficSource")<
  TrafficSource,
  {
    /** Ids of the given deployments that had at least one request since then. */
    readonly withTraffic: (question: TrafficQuestion) => Effect.Effect<ReadonlySet<string>, ClickhouseUnavailable>
  }
>() {}
