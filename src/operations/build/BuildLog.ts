import { Context, type Effect, Schema } from "effect"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"

/** A line of what the steps of a build print. Tenants choose the text; it is not escaped. */
export const BuildLogLine = Schema.Struct({
  at: Instant,
  /** At most 500 characters. */
  text: Schema.String
})
export type BuildLogLine = typeof BuildLogLine.Type

/** Whose builds are asked for. */
export interface BuildLogKey {
  readonly workspaceId: string
  readonly projectId: string
  readonly deploymentId: string
}

/** The output of builds, as ClickHouse keeps it for three months. Read only. */
export class BuildLog extends Context.Tag("ctrl-worker/BuildLog")<
  BuildLog,
  {
    /** The last 40 lines of all builds of a deployment, oldest first. */
    readonly tail: (key: BuildLogKey) => Effect.Effect<ReadonlyArray<BuildLogLine>, SourceUnavailable>
  }
>() {}
