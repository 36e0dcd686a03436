import { Context, type Effect, Schema } from "effect"
import type { BuildLogKey } from "../build/BuildLog.ts"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"
import type { Page, PageRequest } from "./Page.ts"

/** A completed step of a build. Texts come from the build and are not escaped. */
export const BuildStep = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  startedAt: Instant,
  completedAt: Instant,
  isCached: Schema.Boolean,
  /** Empty if the step succeeded. */
  error: Schema.String
})
export type BuildStep = typeof BuildStep.Type

/** Output of a step: one or more lines, not escaped, the first 2,000 characters. */
export const BuildOutput = Schema.Struct({ at: Instant, stepId: Schema.String, text: Schema.String })
export type BuildOutput = typeof BuildOutput.Type

/** The stored telemetry of builds, page by page. Read only; every answer is bounded. */
export class BuildLogPages extends Context.Tag("ctrl-worker/BuildLogPages")<
  BuildLogPages,
  {
    /** In the order of their start, at most 500. */
    readonly steps: (key: BuildLogKey) => Effect.Effect<ReadonlyArray<BuildStep>, SourceUnavailable>
    /** Oldest output first. */
    readonly output: (key: BuildLogKey, request: PageRequest) => Effect.Effect<Page<BuildOutput>, SourceUnavailable>
  }
>() {}
