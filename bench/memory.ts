import { Effect } from "effect"
import { restateServer } from "../dev/stack/RestateServer.ts"
import { benchWorker } from "./BenchWorker.ts"
import type { VariantName } from "./bridge.ts"
import { askWorker, measureAlone } from "./Load.ts"

export interface MemoryBenchOptions {
  readonly invocations: number
  /** The memory is looked at after each part of them. */
  readonly parts: number
}

/** Of one worker process, after each part of the invocations. */
export interface MemorySample {
  readonly residentBytes: number
  /** Processor microseconds of one invocation of the part. */
  readonly micros: number
}

export type MemoryResult = Readonly<Record<VariantName, ReadonlyArray<MemorySample>>>

/** Few enough that the endpoint does not take a connection for a silent one meanwhile. */
const invocationsPerRequest = 2_000

/** Invocations with five steps, one after the other in a process that does nothing else, with the server played in it. */
const memoryOf = (service: VariantName, { invocations, parts }: MemoryBenchOptions) =>
  Effect.gen(function* () {
    yield* Effect.logInfo(`memory: ${invocations} invocations of ${service}`)
    const worker = yield* benchWorker
    const subject = { service, handler: "sequential", body: undefined }
    const requests = Math.ceil(invocations / parts / invocationsPerRequest)
    const part = Effect.promise(async (): Promise<MemorySample> => {
      let micros = 0
      for (let sent = 0; sent < requests; sent++)
        micros += (await measureAlone(subject, worker, invocations / parts / requests)) / requests
      return { micros, residentBytes: Number(await askWorker(worker, "memory")) }
    })
    return yield* Effect.replicateEffect(part, parts)
  }).pipe(Effect.scoped, Effect.provide(restateServer()))

/** What many invocations leave in the memory of a worker, each variant in a process of its own. */
export const benchMemory = (options: MemoryBenchOptions) =>
  Effect.all({
    Bare: memoryOf("Bare", options),
    Explicit: memoryOf("Explicit", options),
    Implicit: memoryOf("Implicit", options)
  })
