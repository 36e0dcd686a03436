import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Array as Arr, Clock, Effect, Fiber, Ref, Schedule } from "effect"
import { quantile } from "../statistics.ts"

const minute = 60_000
const every = "5 seconds"

/** What one look at a worker's /metrics says of its process. */
interface Vitals {
  /** Unix milliseconds. */
  readonly at: number
  readonly heapMiB: number
  readonly residentMiB: number
  /** Timers, sockets and requests that keep Node running. */
  readonly open: number
  /** Of the time since the look before, in milliseconds. */
  readonly lagP99: number
}

const mebi = 1024 * 1024

/** The value of a family without labels. */
const valueOf = (text: string, family: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${family} `))
      ?.slice(family.length + 1)
  )

const vitalsOf = (text: string, at: number): Vitals => ({
  at,
  heapMiB: valueOf(text, "nodejs_heap_size_used_bytes") / mebi,
  residentMiB: valueOf(text, "process_resident_memory_bytes") / mebi,
  open: valueOf(text, "nodejs_active_resources_total"),
  lagP99: valueOf(text, "nodejs_eventloop_lag_p99_seconds") * 1000
})

/** What is collectable and not yet collected is no leak: of each minute only the lowest counts. */
const lowestOfMinutes = (seen: ReadonlyArray<Vitals>, of: (vitals: Vitals) => number): ReadonlyArray<number> => {
  const start = seen[0]?.at ?? 0
  const minutes = Arr.groupBy(seen, ({ at }) => String(Math.floor((at - start) / minute)))
  return Object.values(minutes).map((some) => Math.min(...some.map(of)))
}

/** By least squares over values a minute apart, an hour. */
const slope = (values: ReadonlyArray<number>): number => {
  const middle = (values.length - 1) / 2
  const mean = Arr.reduce(values, 0, (sum, value) => sum + value) / values.length
  const up = Arr.reduce(values, 0, (sum, value, at) => sum + (at - middle) * (value - mean))
  const across = Arr.reduce(values, 0, (sum, _, at) => sum + (at - middle) ** 2)
  return (60 * up) / across
}

const report = (all: ReadonlyArray<Vitals>): string => {
  // The first fifth fills caches, pools and the compiler's tables.
  const settled = all.slice(Math.floor(all.length / 5))
  const heap = lowestOfMinutes(settled, ({ heapMiB }) => heapMiB)
  if (heap.length < 3) return "vitals: three minutes after warm-up are needed for a slope"
  const open = lowestOfMinutes(settled, (it) => it.open)
  const lags = settled.map(({ lagP99 }) => lagP99)
  return [
    `vitals of ${heap.length} minutes after warm-up`,
    `heap ${slope(heap).toFixed(1)} MiB/h (lowest of a minute: first ${heap[0]?.toFixed(0)}, last ${heap.at(-1)?.toFixed(0)} MiB)`,
    `resident ${slope(lowestOfMinutes(settled, ({ residentMiB }) => residentMiB)).toFixed(1)} MiB/h`,
    `open handles ${open[0]} to ${open.at(-1)}`,
    `event loop p99 per ${every}: median ${quantile(lags, 0.5).toFixed(0)} ms, worst ${quantile(lags, 1).toFixed(0)} ms`
  ].join("; ")
}

/** Looks at a worker until its report is asked for: what was seen, in words. A worker that is away is not looked at. */
export const watchVitals = (metrics: string) =>
  Effect.gen(function* () {
    const seen = yield* Ref.make<ReadonlyArray<Vitals>>([])
    const look = Effect.gen(function* () {
      const response = yield* HttpClient.filterStatusOk(yield* HttpClient.HttpClient).get(metrics)
      const vitals = vitalsOf(yield* response.text, yield* Clock.currentTimeMillis)
      yield* Ref.update(seen, Arr.append(vitals))
    }).pipe(Effect.timeout(every), Effect.ignore, Effect.provide(FetchHttpClient.layer))
    const watching = yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(every)))
    return { report: Effect.zipRight(Fiber.interrupt(watching), Effect.map(Ref.get(seen), report)) }
  })
