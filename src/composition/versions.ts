import { Effect, Layer } from "effect"
import { WorkerConfig } from "../config.ts"
import { RestateVersionsHttpLive } from "../layers/restateAdmin/RestateVersionsHttp.ts"
import type { RestateVersions } from "../services/RestateVersions.ts"

/** The versions that the configured Restate knows. */
export const Versions: Layer.Layer<RestateVersions, never, WorkerConfig> = Layer.unwrapEffect(
  Effect.map(WorkerConfig, ({ restate }) => RestateVersionsHttpLive(restate))
)
