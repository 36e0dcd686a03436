import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect } from "effect"
import type { WorkerProcess } from "../dev/stack/WorkerProcess.ts"

const family = /^process_cpu_seconds_total (\S+)/m

/** Processor time of a worker since it started, in milliseconds, as it says itself. */
export const processorMillis = ({ metrics }: Pick<WorkerProcess, "metrics">) =>
  HttpClient.get(metrics).pipe(
    Effect.flatMap((response) => response.text),
    Effect.map((text) => Number(family.exec(text)?.[1]) * 1000),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )
