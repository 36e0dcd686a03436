import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { workerConfig } from "../config.ts"
import { HealthStateLive } from "../layers/HealthState.ts"
import { PlatformNameGauge } from "../layers/metrics/PlatformNameGauge.ts"
import { CertificateLifeGauge } from "../layers/metrics/PrometheusCertificateMetrics.ts"
import { CertificateAuthority } from "./acme.ts"
import { Builds, Repositories } from "./builds.ts"
import { Certificates, DomainProofs, Zones } from "./certificates.ts"
import { Analytics } from "./clickhouse.ts"
import { Database, PoolUsageGauge } from "./database.ts"
import { Resolver, Zone } from "./dns.ts"
import { Logging, Metrics, MetricsServer, Tracing } from "./observability.ts"
import { RepeatedSignals } from "./repeatedSignals.ts"
import { serve } from "./serve.ts"
import { Admin, BuildLimits, Deploys } from "./settings.ts"
import { Stores } from "./stores.ts"
import { UpkeepAdapters } from "./upkeep.ts"
import { ConfiguredVault } from "./vault.ts"
import { Watch } from "./watch.ts"
import { workflows } from "./workflows.ts"

const Observability = Layer.mergeAll(Tracing, Metrics, HealthStateLive).pipe(
  Layer.provideMerge(RepeatedSignals),
  Layer.provideMerge(Logging)
)

const Settings = Layer.mergeAll(BuildLimits, Certificates, DomainProofs, Deploys, Zones)

const Adapters = Layer.mergeAll(
  Admin,
  Analytics,
  CertificateAuthority,
  ConfiguredVault,
  Database,
  Repositories,
  Resolver,
  UpkeepAdapters,
  Zone
)

const ForOperators = Layer.mergeAll(CertificateLifeGauge, MetricsServer, PlatformNameGauge, PoolUsageGauge, Watch)

/**
 * Everything that `serve` runs, for these arguments. Each line depends on the lines below it, which start before it and
 * stop after it.
 */
export const worker = (configArguments: ReadonlyArray<string>) =>
  Layer.scopedDiscard(Effect.flatMap(workflows, serve)).pipe(
    Layer.provide(ForOperators),
    Layer.provide(Stores),
    Layer.provide(Builds),
    Layer.provide(Adapters),
    Layer.provide(Settings),
    Layer.provide(Observability),
    Layer.provide(workerConfig(configArguments)),
    Layer.provide(NodeContext.layer)
  )
