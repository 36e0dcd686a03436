import { Effect, Layer, Option } from "effect"
import { WorkerConfig } from "../config.ts"
import { BacklogGauges } from "../layers/metrics/BacklogGauges.ts"
import type { PrometheusRegistry } from "../layers/metrics/PrometheusRegistry.ts"
import { BacklogLive } from "../layers/mysql/BacklogLive.ts"
import type { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import { InvocationsHttpLive } from "../layers/restateAdmin/InvocationsHttp.ts"
import { InvocationWatch } from "../layers/restateAdmin/InvocationWatch.ts"
import type { WorkflowMetrics } from "../services/WorkflowMetrics.ts"
import { deadlinesOf } from "./deadlines.ts"

const Invocations: Layer.Layer<never, never, WorkerConfig | WorkflowMetrics> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ builds, restate }) =>
    InvocationWatch({
      adminUrl: restate.adminUrl,
      hasKey: Option.isSome(restate.apiKey),
      deadlines: deadlinesOf({ builds })
    }).pipe(Layer.provide(InvocationsHttpLive(restate)))
  )
)

/** Gauges of the backlog and of stuck invocations, and log lines that name the latter. */
export const Watch: Layer.Layer<never, never, MysqlPools | PrometheusRegistry | WorkerConfig | WorkflowMetrics> =
  Layer.merge(Invocations, Layer.provide(BacklogGauges, BacklogLive))
