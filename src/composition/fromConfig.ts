import { Effect, Layer } from "effect"
import { WorkerConfig, type WorkerConfigShape } from "../config.ts"

/** A layer that depends on the configuration. */
export const fromConfig = <A, E, R>(
  make: (config: WorkerConfigShape) => Layer.Layer<A, E, R>
): Layer.Layer<A, E, R | WorkerConfig> => Layer.unwrapEffect(Effect.map(WorkerConfig, make))

/**
 * A layer of a module that only some configurations need: loading it, with the library behind it, takes part of the
 * start and of the memory of a worker.
 */
export const imported = <Module, A, E, R>(
  load: () => Promise<Module>,
  layerOf: (module: Module) => Layer.Layer<A, E, R>
): Layer.Layer<A, E, R> => Layer.unwrapEffect(Effect.map(Effect.promise(load), layerOf))
