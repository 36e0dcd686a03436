import { Context, type Effect } from "effect"
import type { DbFailure } from "./Db.ts"

/** A running preview that nobody has touched for a while. Whether it has traffic is for another source to say. */
export interface QuietPreview {
  readonly workspaceId: string
  readonly projectId: string
  readonly environmentId: string
  readonly deploymentId: string
}

export interface QuietPreviewPage {
  readonly previews: ReadonlyArray<QuietPreview>
  /** Where the next page begins. Null: this was the last one. */
  readonly next: number | null
}

/** Reads deployments in search of previews to put on standby. */
export class IdlePreviewStore extends Context.Tag("ctrl-worker/IdlePreviewStore")<
  IdlePreviewStore,
  {
    /**
     * Looks at `limit` deployments that are ready and run, in the order of their creation, and answers with those that
     * belong to an environment called `preview`, are not their project's live one, and were created and last changed before
     * `quietSince` (Unix milliseconds). A page may be empty and not the last. `after` is `next` of the page before, 0 at first.
     */
    readonly page: (question: {
      readonly quietSince: number
      readonly after: number
      readonly limit: number
    }) => Effect.Effect<QuietPreviewPage, DbFailure>
  }
>() {}
