import { Effect, Layer, Option } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { CertificateSettings } from "../services/CertificateSettings.ts"

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

export const Certificates: Layer.Layer<CertificateSettings, never, WorkerConfig> = Layer.effect(
  CertificateSettings,
  Effect.map(WorkerConfig, (config) => ({
    isEnabled: config.acme.enabled,
    hasDnsProvider: Option.isSome(config.acme.route53),
    infrastructure: infrastructureDomains(config)
  }))
)
