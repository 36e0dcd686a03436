import { Array as Arr, Effect, Either, Layer, Option } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { type DomainName, domainName, wildcardOf } from "../names/DomainName.ts"
import { CertificateSettings, type ChallengeRules } from "../services/certificate/CertificateSettings.ts"
import { PlatformZones } from "../services/customDomain/PlatformZones.ts"
import { ChallengeRecord, delegatedLabelLength } from "../services/dns/ChallengeRecord.ts"
import { DomainProofSettings } from "../services/domainProof/DomainProofSettings.ts"

type Apexes = Pick<WorkerConfigShape, "availableRegions" | "defaultDomain" | "regionalDomain">

/** Regions whose names form a domain name below the apex, and the others. */
const regionalWildcards = ({ availableRegions, regionalDomain }: Apexes) =>
  Arr.partitionMap(Option.isNone(regionalDomain) ? [] : availableRegions, (region) =>
    Either.mapLeft(
      Either.flatMap(domainName(`${region}.${Option.getOrElse(regionalDomain, () => "")}`), wildcardOf),
      ({ message }) => ({ region, problem: message })
    )
  )

/** The platform's own wildcards: all generated host names, and those of each region. */
export const infrastructureDomains = (apexes: Apexes): ReadonlyArray<DomainName> => {
  const [, regional] = regionalWildcards(apexes)
  return [...Option.toArray(Either.getRight(wildcardOf(apexes.defaultDomain))), ...regional]
}

export const platformZones = ({ defaultDomain, regionalDomain }: Apexes): ReadonlyArray<DomainName> => [
  defaultDomain,
  ...Option.toArray(regionalDomain)
]

type Challenged = Apexes & { readonly acme: Pick<WorkerConfigShape["acme"], "delegationDomain"> }

/** The settings that decide which records may be written. */
export const challengeRules = ({ acme, defaultDomain, regionalDomain }: Challenged): ChallengeRules => ({
  platformApexes: [defaultDomain, ...Option.toArray(regionalDomain)],
  delegationDomain: Option.getOrNull(Option.map(acme.delegationDomain, (domain) => domain.toLowerCase()))
})

/** One record of each kind that this configuration can need: per wildcard of the platform, and for customers. */
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

export const Zones: Layer.Layer<PlatformZones, never, WorkerConfig> = Layer.effect(
  PlatformZones,
  Effect.map(WorkerConfig, platformZones)
)

export const Certificates: Layer.Layer<CertificateSettings, never, WorkerConfig> = Layer.effect(
  CertificateSettings,
  Effect.gen(function* () {
    const config = yield* WorkerConfig
    const [unfit] = regionalWildcards(config)
    yield* Effect.forEach(unfit, (found) =>
      Effect.logWarning(
        "The region's name is not a valid part of a domain name, so it gets no wildcard certificate",
        found
      )
    )
    return {
      isEnabled: config.acme.enabled,
      hasDnsProvider: Option.isSome(config.acme.route53),
      infrastructure: infrastructureDomains(config),
      ...challengeRules(config)
    }
  })
)

export const DomainProofs: Layer.Layer<DomainProofSettings, never, WorkerConfig> = Layer.effect(
  DomainProofSettings,
  Effect.map(WorkerConfig, ({ customDomains }) => ({ daysWithoutProof: customDomains.daysWithoutProof }))
)
