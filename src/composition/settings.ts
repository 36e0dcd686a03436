import { Duration, Effect, Layer, Option } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"
import { RestateAdminHttpLive } from "../layers/restateAdmin/RestateAdminHttp.ts"
import type { RestateAdmin } from "../operations/RestateAdmin.ts"
import { BuildSettings } from "../services/builds/BuildSettings.ts"
import { DeploySettings } from "../services/deploy/DeploySettings.ts"
import { chooseBuilder } from "./builds.ts"

/** Whose repository in the registry the chosen builder pushes to. */
const imagesOf = (config: WorkerConfigShape) => {
  const chosen = chooseBuilder(config)
  if (chosen._tag !== "Depot") return "project"
  return chosen.options.sharedProject === null ? "depot-project" : "all-projects"
}

export const Deploys: Layer.Layer<DeploySettings, never, WorkerConfig> = Layer.effect(
  DeploySettings,
  Effect.map(WorkerConfig, (config) => ({
    apex: config.defaultDomain,
    sentinelImage: config.sentinelImage,
    availableRegions: config.availableRegions,
    registry: Option.match(config.registry, {
      onNone: () => null,
      onSome: ({ url }) => ({ url, imagesOf: imagesOf(config) })
    }),
    failureGrace: Duration.toMillis(config.deploys.failureGrace)
  }))
)

export const Admin: Layer.Layer<RestateAdmin, never, WorkerConfig> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ restate: { adminUrl, apiKey } }) => RestateAdminHttpLive({ adminUrl, apiKey }))
)

export const BuildLimits: Layer.Layer<BuildSettings, never, WorkerConfig> = Layer.effect(
  BuildSettings,
  Effect.map(WorkerConfig, ({ buildPlatform: platform, builds: { deadline, maxPerWorkspace } }) => ({
    maxPerWorkspace,
    deadline: Duration.toMillis(deadline),
    platform
  }))
)
