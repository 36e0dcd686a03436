import { Duration, Effect, Layer, Option } from "effect"
import type { WorkerConfigShape } from "../config.ts"
import { BuildSettings } from "../services/builds/BuildSettings.ts"
import { CertificateSettings } from "../services/certificate/CertificateSettings.ts"
import { PlatformZones } from "../services/customDomain/PlatformZones.ts"
import { DeploySettings } from "../services/deploy/DeploySettings.ts"
import { UpkeepSettings } from "../services/UpkeepSettings.ts"
import { chooseBuilder } from "./builds.ts"
import { challengeRules, infrastructureDomains, platformZones, regionalWildcards } from "./certificates.ts"
import { fromConfig } from "./fromConfig.ts"

/** Whose repository in the registry the chosen builder pushes to. */
const imagesOf = (config: WorkerConfigShape): NonNullable<DeploySettings["Type"]["registry"]>["imagesOf"] => {
  const chosen = chooseBuilder(config)
  if (chosen._tag !== "Depot") return "project"
  return chosen.options.sharedProject === null ? "depot-project" : "all-projects"
}

const builds = ({ buildPlatform, builds: { deadline, maxPerWorkspace } }: WorkerConfigShape) =>
  Layer.succeed(BuildSettings, {
    maxPerWorkspace,
    deadline: Duration.toMillis(deadline),
    platform: buildPlatform
  })

const certificates = (config: WorkerConfigShape) =>
  Layer.succeed(CertificateSettings, {
    isEnabled: config.acme.enabled,
    hasDnsProvider: Option.isSome(config.acme.route53),
    infrastructure: infrastructureDomains(config),
    ...challengeRules(config)
  })

const deploys = (config: WorkerConfigShape) =>
  Layer.succeed(DeploySettings, {
    apex: config.defaultDomain,
    sentinelImage: config.sentinelImage,
    availableRegions: config.availableRegions,
    registry: Option.match(config.registry, {
      onNone: () => null,
      onSome: ({ url }) => ({ url, imagesOf: imagesOf(config) })
    }),
    failureGrace: Duration.toMillis(config.deploys.failureGrace)
  })

const upkeep = ({ customDomains, keyRefill, quotaCheck }: WorkerConfigShape) =>
  Layer.succeed(UpkeepSettings, {
    refillBatchSize: keyRefill.batchSize,
    minimumUsage: quotaCheck.minimumUsage,
    daysWithoutProof: customDomains.daysWithoutProof
  })

const warnOfUnfitRegions = (config: WorkerConfigShape) => {
  const [unfit] = regionalWildcards(config)
  return Effect.forEach(
    unfit,
    (found) =>
      Effect.logWarning(
        "The region's name is not a valid part of a domain name, so it gets no wildcard certificate",
        found
      ),
    { discard: true }
  )
}

/** The settings that workflows read. */
export const Settings = fromConfig((config) =>
  Layer.mergeAll(
    builds(config),
    certificates(config),
    deploys(config),
    upkeep(config),
    Layer.succeed(PlatformZones, platformZones(config)),
    Layer.effectDiscard(warnOfUnfitRegions(config))
  )
)
