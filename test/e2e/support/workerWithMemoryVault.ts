import process from "node:process"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import { clickhouseUserService } from "../../../src/composition/clickhouse.ts"
import { Database } from "../../../src/composition/database.ts"
import { Logging, Metrics } from "../../../src/composition/observability.ts"
import { serve } from "../../../src/composition/serve.ts"
import { Admin } from "../../../src/composition/settings.ts"
import { workerConfig } from "../../../src/config.ts"
import { HealthStateLive } from "../../../src/layers/HealthState.ts"
import { DbLive } from "../../../src/layers/mysql/DbLive.ts"
import { MemoryVault } from "../../support/memory/MemoryVault.ts"

// ClickhouseUserService as the real program composes it, with the vault of the tests: what is under test is the rest.
const worker = Layer.scopedDiscard(
  Effect.flatMap(clickhouseUserService, (service) => serve(Option.toArray(service)))
).pipe(
  Layer.provide(DbLive),
  Layer.provide(Layer.mergeAll(Database, Admin, MemoryVault)),
  Layer.provide(Layer.mergeAll(Metrics, HealthStateLive).pipe(Layer.provideMerge(Logging))),
  Layer.provide(workerConfig(process.argv.slice(2)).pipe(Layer.provide(NodeContext.layer)))
)

NodeRuntime.runMain(Layer.launch(worker), { disablePrettyLogger: true })
