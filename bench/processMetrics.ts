import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect } from "effect"

/** A worker's own process, as its /metrics describe it. Node's and Go's client libraries have the same names. */
export interface ProcessMetrics {
  /** Processor time since its start. */
  readonly processorMillis: number
  readonly residentMiB: number
}

const valueOf = (text: string, family: string): number => Number(new RegExp(`^${family} (\\S+)`, "m").exec(text)?.[1])

export const processMetrics = (metrics: string): Effect.Effect<ProcessMetrics> =>
  HttpClient.get(metrics).pipe(
    Effect.flatMap((response) => response.text),
    Effect.map((text) => ({
      processorMillis: valueOf(text, "process_cpu_seconds_total") * 1000,
      residentMiB: valueOf(text, "process_resident_memory_bytes") / 2 ** 20
    })),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )

export const processorMillis = ({ metrics }: { readonly metrics: string }): Effect.Effect<number> =>
  Effect.map(processMetrics(metrics), (it) => it.processorMillis)
