import { Effect, Layer } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"

/** A layer that depends on the configuration. */
export const fromConfig = <A, E, R>(
  make: (config: WorkerConfigShape) => Layer.Layer<A, E, R>
): Layer.Layer<A, E, R | WorkerConfig> => Layer.unwrapEffect(Effect.map(WorkerConfig, make))
