import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { workerConfig } from "../config.ts"
import { HealthStateLive } from "../layers/HealthState.ts"
import { BacklogGauges } from "../layers/metrics/BacklogGauges.ts"
import { CertificateLifeGauge } from "../layers/metrics/CertificateLifeGauge.ts"
import { PlatformNameGauge } from "../layers/metrics/PlatformNameGauge.ts"
import { PoolUsageGauge } from "../layers/metrics/PoolUsageGauge.ts"
import { BacklogLive } from "../layers/mysql/BacklogLive.ts"
import { CertificateStoreLive } from "../layers/mysql/CertificateStoreLive.ts"
import { DbLive } from "../layers/mysql/DbLive.ts"
import { DeploymentStoreLive } from "../layers/mysql/DeploymentStoreLive.ts"
import { DomainProofStoreLive } from "../layers/mysql/DomainProofStoreLive.ts"
import { DomainStoreLive } from "../layers/mysql/DomainStoreLive.ts"
import { IdlePreviewStoreLive } from "../layers/mysql/IdlePreviewStoreLive.ts"
import { KeyRefillStoreLive } from "../layers/mysql/KeyRefillStoreLive.ts"
import { QuotaStoreLive } from "../layers/mysql/QuotaStoreLive.ts"
import { RegionStoreLive } from "../layers/mysql/RegionStoreLive.ts"
import { RouteStoreLive } from "../layers/mysql/RouteStoreLive.ts"
import { RepeatedSignals } from "../layers/RepeatedSignals.ts"
import { InvocationsHttpLive } from "../layers/restateAdmin/InvocationsHttp.ts"
import { InvocationWatch } from "../layers/restateAdmin/InvocationWatch.ts"
import { Admin, Heartbeats, Repositories, Resolver, Slack, Zone } from "./adapters.ts"
import { Builds } from "./builds.ts"
import { CertificateAuthority } from "./certificates.ts"
import { Analytics } from "./clickhouse.ts"
import { commandPlace } from "./commandPlace.ts"
import { Console } from "./console.ts"
import { Database } from "./database.ts"
import { deadlinesOf } from "./deadlines.ts"
import { fromConfig } from "./fromConfig.ts"
import { Logging, MetricsServer, Prometheus, Tracing } from "./observability.ts"
import { serve } from "./serve.ts"
import { Settings } from "./settings.ts"
import { ConfiguredVault } from "./vault.ts"
import { workflows } from "./workflows.ts"

const Observability = Layer.mergeAll(Tracing, Prometheus, HealthStateLive).pipe(
  Layer.provideMerge(RepeatedSignals),
  Layer.provideMerge(Logging)
)

/** What calls other services, and the database's pools. */
const Adapters = Layer.mergeAll(
  Admin,
  Analytics,
  CertificateAuthority,
  ConfiguredVault,
  Database,
  Heartbeats,
  Repositories,
  Resolver,
  Slack,
  Zone
)

/** Every store of the workflows, on the same pools. */
const Stores = Layer.mergeAll(
  CertificateStoreLive,
  DbLive,
  DeploymentStoreLive,
  DomainProofStoreLive,
  DomainStoreLive,
  IdlePreviewStoreLive,
  KeyRefillStoreLive,
  QuotaStoreLive,
  RegionStoreLive,
  RouteStoreLive
)

/** Gauges of stuck invocations, and log lines that name them. */
const stuckInvocations = (configArguments: ReadonlyArray<string>) =>
  fromConfig(({ builds, restate }) =>
    Layer.unwrapEffect(
      Effect.map(commandPlace(configArguments), (place) =>
        InvocationWatch({ place, deadlines: deadlinesOf({ builds }) })
      )
    ).pipe(Layer.provide(InvocationsHttpLive(restate)))
  )

const forOperators = (configArguments: ReadonlyArray<string>) =>
  Layer.mergeAll(
    Layer.provide(BacklogGauges, BacklogLive),
    CertificateLifeGauge,
    Console(configArguments),
    MetricsServer,
    PlatformNameGauge,
    PoolUsageGauge,
    stuckInvocations(configArguments)
  )

/**
 * Everything that `serve` runs, for these arguments. Each line depends on the lines below it, which start before it and
 * stop after it.
 */
export const worker = (configArguments: ReadonlyArray<string>) =>
  Layer.scopedDiscard(Effect.flatMap(workflows, serve)).pipe(
    Layer.provide(forOperators(configArguments)),
    Layer.provide(Stores),
    Layer.provide(Builds),
    Layer.provide(Adapters),
    Layer.provide(Settings),
    Layer.provide(Observability),
    Layer.provide(workerConfig(configArguments)),
    Layer.provide(NodeContext.layer)
  )
