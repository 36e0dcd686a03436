import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Database } from "../../src/composition/database.ts"
import { Logging, Metrics, MetricsServer } from "../../src/composition/observability.ts"
import { serve } from "../../src/composition/serve.ts"
import { Admin } from "../../src/composition/settings.ts"
import { UpkeepAdapters, UpkeepStores, upkeepWorkflows } from "../../src/composition/upkeep.ts"
import { workerConfig } from "../../src/config.ts"
import { HealthStateLive } from "../../src/layers/HealthState.ts"
import { DbLive } from "../../src/layers/mysql/DbLive.ts"
import { UsageSource, type WorkspaceUsage } from "../../src/services/Usage.ts"

const usageOf = (used: ReadonlyArray<WorkspaceUsage>) => {
  const sorted = [...used].sort((one, other) => (one.workspaceId < other.workspaceId ? -1 : 1))
  return Layer.succeed(
    UsageSource,
    UsageSource.of({
      page: ({ after, limit, minimum }) =>
        Effect.sync(() => sorted.filter((each) => each.workspaceId > after && each.used >= minimum).slice(0, limit))
    })
  )
}

/** The scheduled jobs as the worker runs them, with the given usage in every month instead of an analytics database. */
export const upkeepWorker = (used: ReadonlyArray<WorkspaceUsage>) =>
  Layer.launch(
    Layer.scopedDiscard(serve(upkeepWorkflows)).pipe(
      Layer.provide(Layer.mergeAll(DbLive, UpkeepStores, MetricsServer)),
      Layer.provide(Layer.mergeAll(Database, Admin, UpkeepAdapters, usageOf(used))),
      Layer.provide(Layer.mergeAll(Metrics, HealthStateLive).pipe(Layer.provideMerge(Logging))),
      Layer.provide(workerConfig([]).pipe(Layer.provide(NodeContext.layer)))
    )
  )
