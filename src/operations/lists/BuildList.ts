import { Context, type Effect, Schema } from "effect"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"
import type { Page, PageRequest } from "./Page.ts"

const Text = Schema.NullOr(Schema.String)

/** `interrupted`: its lease ended without an outcome, so another worker takes it over or it is never finished. */
export const buildStates = ["running", "succeeded", "failed", "interrupted"] as const

/** A build that a worker ran. Ended builds are kept for a limited time. */
export const ListedBuild = Schema.Struct({
  id: Schema.String,
  state: Schema.Literal(...buildStates),
  /** What the build did last. */
  detail: Schema.String,
  leaseUntil: Instant,
  /** Null if no deployment has this build. */
  deploymentId: Text,
  workspaceSlug: Text,
  projectId: Text,
  projectSlug: Text,
  gitCommitSha: Text,
  gitBranch: Text
})
export type ListedBuild = typeof ListedBuild.Type

/** Builds for operators, page by page. Read only, found by indexes. */
export class BuildList extends Context.Tag("ctrl-worker/BuildList")<
  BuildList,
  { readonly page: (request: PageRequest) => Effect.Effect<Page<ListedBuild>, SourceUnavailable> }
>() {}
