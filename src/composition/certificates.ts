import { Effect, Layer, Option } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { CertificateStoreLive } from "../layers/mysql/CertificateStoreLive.ts"
import type { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import { CertificateLifeGauge, PrometheusCertificateMetricsLive } from "../layers/PrometheusCertificateMetrics.ts"
import type { PrometheusRegistry } from "../layers/PrometheusRegistry.ts"
import type { CertificateMetrics } from "../services/CertificateMetrics.ts"
import { CertificateSettings } from "../services/CertificateSettings.ts"
import type { CertificateStore } from "../services/CertificateStore.ts"

type Apexes = Pick<WorkerConfigShape, "availableRegions" | "defaultDomain" | "regionalDomain">

/** The wildcards that the platform itself serves: all generated host names, and those of each region. */
export const infrastructureDomains = ({
  availableRegions,
  defaultDomain,
  regionalDomain
}: Apexes): ReadonlyArray<string> => [
  `*.${defaultDomain}`,
  ...Option.match(regionalDomain, {
    onNone: () => [],
    onSome: (apex) => availableRegions.map((region) => `*.${region}.${apex}`)
  })
]

const settings: Layer.Layer<CertificateSettings, never, WorkerConfig> = Layer.effect(
  CertificateSettings,
  Effect.map(WorkerConfig, (config) => ({
    isEnabled: config.acme.enabled,
    hasDnsProvider: Option.isSome(config.acme.route53),
    infrastructure: infrastructureDomains(config)
  }))
)

/** What certificates need besides their CA, DNS, vault and heartbeat; their remaining lives are counted meanwhile. */
export const Certificates: Layer.Layer<
  CertificateMetrics | CertificateSettings | CertificateStore,
  never,
  MysqlPools | PrometheusRegistry | WorkerConfig
> = Layer.provideMerge(
  CertificateLifeGauge,
  Layer.mergeAll(CertificateStoreLive, PrometheusCertificateMetricsLive, settings)
)
