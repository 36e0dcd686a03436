import process from "node:process"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { CertificateAuthority } from "./composition/acme.ts"
import { Database, PoolUsageGauge } from "./composition/database.ts"
import { Resolver } from "./composition/dns.ts"
import { requireNode } from "./composition/nodeVersion.ts"
import { Logging, Metrics, MetricsServer, Tracing } from "./composition/observability.ts"
import { serve } from "./composition/serve.ts"
import { Admin, Deploys } from "./composition/settings.ts"
import { reportFailure } from "./composition/startupFailure.ts"
import { ConfiguredVault } from "./composition/vault.ts"
import { workerConfig } from "./config.ts"
import { NoBuilds } from "./layers/builder/NoBuilder.ts"
import { HealthStateLive } from "./layers/HealthState.ts"
import { DbLive } from "./layers/mysql/DbLive.ts"
import { DeploymentStoreLive } from "./layers/mysql/DeploymentStoreLive.ts"
import { DomainStoreLive } from "./layers/mysql/DomainStoreLive.ts"
import { RegionStoreLive } from "./layers/mysql/RegionStoreLive.ts"
import { RouteStoreLive } from "./layers/mysql/RouteStoreLive.ts"
import { PausedInvocationsGauge } from "./layers/PausedInvocationsGauge.ts"
import type { Implementation } from "./restate/Implementation.ts"
import type { Builder } from "./services/Builder.ts"
import type { BuildSettings } from "./services/BuildSettings.ts"
import type { DeploymentStore } from "./services/DeploymentStore.ts"
import type { DeploySettings } from "./services/DeploySettings.ts"
import type { DnsResolver } from "./services/DnsResolver.ts"
import type { DomainStore } from "./services/DomainStore.ts"
import type { RegionStore } from "./services/RegionStore.ts"
import type { RouteStore } from "./services/RouteStore.ts"
import { CustomDomainWorkflows } from "./workflows/customDomain/CustomDomainWorkflows.ts"
import { DeployWorkflows } from "./workflows/deploy/DeployWorkflows.ts"
import { DeploymentWorkflows } from "./workflows/deployment/DeploymentWorkflows.ts"
import { IdlePreviewWorkflows } from "./workflows/idlePreviews/IdlePreviewWorkflows.ts"
import { RoutingWorkflows } from "./workflows/routing/RoutingWorkflows.ts"
import { VersioningWorkflows } from "./workflows/versioning/VersioningWorkflows.ts"

const workflows: ReadonlyArray<
  Implementation<DeploySettings | DeploymentStore | DnsResolver | DomainStore | RegionStore | RouteStore>
> = [CustomDomainWorkflows, DeployWorkflows, DeploymentWorkflows, RoutingWorkflows, VersioningWorkflows]

const Config = workerConfig(process.argv.slice(2)).pipe(Layer.provide(NodeContext.layer))

const Observability = Layer.mergeAll(Tracing, Metrics, HealthStateLive).pipe(Layer.provideMerge(Logging))

const Adapters = Layer.mergeAll(Database, Admin, Deploys, ConfiguredVault, CertificateAuthority)

const Stores = Layer.mergeAll(DbLive, DeploymentStoreLive, DomainStoreLive, RegionStoreLive, RouteStoreLive)

const ForOperators = Layer.mergeAll(MetricsServer, PoolUsageGauge, PausedInvocationsGauge)

// Each line stands on the lines below it: they start before it and end after it.
const Worker = Layer.scopedDiscard(
  Effect.flatMap(clickhouseUserService, (optional) => serve([...workflows, ...Option.toArray(optional)]))
).pipe(
  Layer.provide(ForOperators),
  Layer.provide(Stores),
  Layer.provide(Adapters),
  Layer.provide(Observability),
  Layer.provide(Config)
)

requireNode(process.versions.node).pipe(
  Effect.zipRight(Layer.launch(Worker)),
  Effect.tapErrorCause(reportFailure),
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true })
)
