import { Context, type Effect, Schema } from "effect"
import { BuildRecord } from "../build/BuildRecords.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"
import type { Page, PageRequest } from "./Page.ts"

const Text = Schema.NullOr(Schema.String)

/** A build of the ledger, which keeps an ended one for a day, with its deployment. */
export const ListedBuild = Schema.Struct({
  ...BuildRecord.fields,
  /** Null if no deployment of it was found. */
  deploymentId: Text,
  projectId: Text,
  projectSlug: Text,
  workspaceSlug: Text,
  gitCommitSha: Text,
  gitBranch: Text
})
export type ListedBuild = typeof ListedBuild.Type

/** Builds for operators, page by page. Read only, found by indexes. */
export class BuildList extends Context.Tag("ctrl-worker/BuildList")<
  BuildList,
  {
    /** The deployment of a build that has not succeeded is searched among the newest 200 that build, wait or failed. */
    readonly page: (request: PageRequest) => Effect.Effect<Page<ListedBuild>, SourceUnavailable>
  }
>() {}
