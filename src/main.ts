import process from "node:process"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { CertificateAuthority } from "./composition/acme.ts"
import { Builds, Repositories } from "./composition/builds.ts"
import { Certificates } from "./composition/certificates.ts"
import { Analytics } from "./composition/clickhouse.ts"
import { Database, PoolUsageGauge } from "./composition/database.ts"
import { Resolver, Zone } from "./composition/dns.ts"
import { requireNode } from "./composition/nodeVersion.ts"
import { Logging, Metrics, MetricsServer, Tracing } from "./composition/observability.ts"
import { serve } from "./composition/serve.ts"
import { Admin, BuildLimits, Deploys } from "./composition/settings.ts"
import { reportFailure } from "./composition/startupFailure.ts"
import { Stores } from "./composition/stores.ts"
import { UpkeepAdapters } from "./composition/upkeep.ts"
import { ConfiguredVault } from "./composition/vault.ts"
import { Watch } from "./composition/watch.ts"
import { workflows } from "./composition/workflows.ts"
import { workerConfig } from "./config.ts"
import { HealthStateLive } from "./layers/HealthState.ts"
import { CertificateLifeGauge } from "./layers/PrometheusCertificateMetrics.ts"

const Config = workerConfig(process.argv.slice(2)).pipe(Layer.provide(NodeContext.layer))

const Observability = Layer.mergeAll(Tracing, Metrics, HealthStateLive).pipe(Layer.provideMerge(Logging))

const Settings = Layer.mergeAll(BuildLimits, Certificates, Deploys)

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

const ForOperators = Layer.mergeAll(CertificateLifeGauge, MetricsServer, PoolUsageGauge, Watch)

// Each line stands on the lines below it: they start before it and end after it.
const Worker = Layer.scopedDiscard(Effect.flatMap(workflows, serve)).pipe(
  Layer.provide(ForOperators),
  Layer.provide(Stores),
  Layer.provide(Builds),
  Layer.provide(Adapters),
  Layer.provide(Settings),
  Layer.provide(Observability),
  Layer.provide(Config)
)

requireNode(process.versions.node).pipe(
  Effect.zipRight(Layer.launch(Worker)),
  Effect.tapErrorCause(reportFailure),
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true })
)
