import { Duration, Effect, Layer } from "effect"
import { WorkerConfig } from "../config.ts"
import { BuildSettings } from "../services/BuildSettings.ts"

export const Builds: Layer.Layer<BuildSettings, never, WorkerConfig> = Layer.effect(
  BuildSettings,
  Effect.map(WorkerConfig, ({ buildPlatform: platform, builds: { deadline, maxPerWorkspace } }) => ({
    maxPerWorkspace,
    deadline: Duration.toMillis(deadline),
    platform
  }))
)
