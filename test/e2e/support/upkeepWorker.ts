import process from "node:process"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Schema } from "effect"
import { Database } from "../../../src/composition/database.ts"
import { Logging, Metrics } from "../../../src/composition/observability.ts"
import { serve } from "../../../src/composition/serve.ts"
import { Admin } from "../../../src/composition/settings.ts"
import { UpkeepAdapters, UpkeepStores, upkeepWorkflows } from "../../../src/composition/upkeep.ts"
import { workerConfig } from "../../../src/config.ts"
import { HealthStateLive } from "../../../src/layers/HealthState.ts"
import { DbLive } from "../../../src/layers/mysql/DbLive.ts"
import { UsageSource } from "../../../src/services/Usage.ts"

// The scheduled jobs as the worker runs them, with the usage that a test names instead of an analytics database.
const Used = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Number }))
const used = Object.entries(Schema.decodeUnknownSync(Used)(process.env.TEST_USAGE ?? "{}"))

const Usage = Layer.succeed(
  UsageSource,
  UsageSource.of({
    page: ({ after, limit, minimum }) =>
      Effect.sync(() =>
        used
          .map(([workspaceId, count]) => ({ workspaceId, used: count }))
          .filter((each) => each.workspaceId > after && each.used >= minimum)
          .sort((one, other) => (one.workspaceId < other.workspaceId ? -1 : 1))
          .slice(0, limit)
      )
  })
)

const Config = workerConfig([]).pipe(Layer.provide(NodeContext.layer))

Layer.scopedDiscard(serve(upkeepWorkflows)).pipe(
  Layer.provide(Layer.merge(DbLive, UpkeepStores)),
  Layer.provide(Layer.mergeAll(Database, Admin, UpkeepAdapters, Usage)),
  Layer.provide(Layer.mergeAll(Metrics, HealthStateLive).pipe(Layer.provideMerge(Logging))),
  Layer.provide(Config),
  Layer.launch,
  NodeRuntime.runMain
)
