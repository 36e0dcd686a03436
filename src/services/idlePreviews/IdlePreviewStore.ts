import { Context, type Effect, Schema } from "effect"
import type { DbFailure } from "../Db.ts"

/** A running preview without recent changes. Another source tells whether it has traffic. */
export const IdlePreview = Schema.Struct({
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  deploymentId: Schema.String,
  /** Its place among all deployments: as `after`, the page begins behind it. */
  ordinal: Schema.Number
})
export type IdlePreview = typeof IdlePreview.Type

export interface IdlePreviewPage {
  readonly previews: ReadonlyArray<IdlePreview>
  /** Cursor of the next page. Null after the last page. */
  readonly next: number | null
}

/** Finds preview deployments that may be put on standby. */
export class IdlePreviewStore extends Context.Tag("ctrl-worker/IdlePreviewStore")<
  IdlePreviewStore,
  {
    /**
     * Scans `limit` ready and running deployments by creation. Returns those that belong to a `preview` environment, are not
     * their project's live deployment, and were created and last changed before `idleSince` (Unix milliseconds). A page may be
     * empty without being the last. `after` is the previous page's `next`, 0 at first.
     */
    readonly page: (query: {
      readonly idleSince: number
      readonly after: number
      readonly limit: number
    }) => Effect.Effect<IdlePreviewPage, DbFailure>
  }
>() {}
