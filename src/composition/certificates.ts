import { Effect, Layer, Option } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { CertificateSettings, type ChallengeRules } from "../services/CertificateSettings.ts"
import { ChallengeRecord, delegatedLabelLength } from "../services/ChallengeRecord.ts"

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

type Challenged = Apexes & { readonly acme: Pick<WorkerConfigShape["acme"], "delegationDomain"> }

/** The settings that decide which records may be written. */
export const challengeRules = ({ acme, defaultDomain, regionalDomain }: Challenged): ChallengeRules => ({
  platformApexes: [defaultDomain, ...Option.toArray(regionalDomain)].map((apex) => apex.toLowerCase()),
  delegationDomain: Option.getOrNull(Option.map(acme.delegationDomain, (domain) => domain.toLowerCase()))
})

/** A record of each kind that this configuration can need: one per wildcard of the platform, and one for customers. */
export const challengeRecords = (config: Challenged) => {
  const { delegationDomain, platformApexes } = challengeRules(config)
  const named = (domain: string, record: ChallengeRecord | null) => (record === null ? [] : [{ domain, record }])
  return [
    ...infrastructureDomains(config).flatMap((domain) =>
      named(domain.replace(/^\*\./, ""), ChallengeRecord.ofPlatform(domain, platformApexes))
    ),
    ...(delegationDomain === null
      ? []
      : named(delegationDomain, ChallengeRecord.delegated("0".repeat(delegatedLabelLength), delegationDomain)))
  ]
}

export const Certificates: Layer.Layer<CertificateSettings, never, WorkerConfig> = Layer.effect(
  CertificateSettings,
  Effect.map(WorkerConfig, (config) => ({
    isEnabled: config.acme.enabled,
    hasDnsProvider: Option.isSome(config.acme.route53),
    infrastructure: infrastructureDomains(config),
    ...challengeRules(config)
  }))
)
