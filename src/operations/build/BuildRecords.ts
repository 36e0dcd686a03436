import { Context, type Effect, type Option, Schema } from "effect"
import { BuildFailureKind } from "../../services/builds/Builder.ts"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"

/** A build in the ledger that all workers share. */
export const BuildRecord = Schema.Struct({
  id: Schema.String,
  /** `lost`: its worker stopped renewing the lease, and the build has no outcome. Its deploy starts it again. */
  state: Schema.Literal("running", "succeeded", "failed", "lost"),
  /** Its progress, at most 200 characters. */
  detail: Schema.String,
  /** Of a running build: until when its worker has it. Of any other: when it ended. By the database's clock. */
  leaseUntil: Instant,
  /** The builder's own id of the build. */
  externalBuildId: Schema.NullOr(Schema.String),
  image: Schema.NullOr(Schema.String),
  digest: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(Schema.Struct({ kind: BuildFailureKind, message: Schema.String }))
})
export type BuildRecord = typeof BuildRecord.Type

/** The builds of a deployment. A deployment builds again, under another id, when it has lost its slot. */
export interface FoundBuilds {
  /** Null if no deployment of the build was found. */
  readonly deploymentId: string | null
  /** In the order of the attempts. */
  readonly buildIds: ReadonlyArray<string>
  /** The builds of these ids that the ledger keeps. */
  readonly builds: ReadonlyArray<BuildRecord>
}

/** Builds for operators. Read only, found by indexes. */
export class BuildRecords extends Context.Tag("ctrl-worker/BuildRecords")<
  BuildRecords,
  {
    /**
     * By the id of a build, by the builder's own id, or by the id of a deployment. The deployment of a build that has not
     * succeeded is searched among the newest 500 of each status.
     */
    readonly find: (id: string) => Effect.Effect<Option.Option<FoundBuilds>, SourceUnavailable>
  }
>() {}
