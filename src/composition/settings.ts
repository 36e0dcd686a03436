import { Effect, Layer } from "effect"
import { WorkerConfig } from "../config.ts"
import { RestateAdminHttpLive } from "../layers/RestateAdminHttp.ts"
import { DeploySettings } from "../services/DeploySettings.ts"
import type { RestateAdmin } from "../services/RestateAdmin.ts"

export const Deploys: Layer.Layer<DeploySettings, never, WorkerConfig> = Layer.effect(
  DeploySettings,
  Effect.map(WorkerConfig, ({ availableRegions, defaultDomain, sentinelImage }) => ({
    apex: defaultDomain,
    sentinelImage,
    availableRegions
  }))
)

export const Admin: Layer.Layer<RestateAdmin, never, WorkerConfig> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ restate }) => RestateAdminHttpLive(restate))
)
