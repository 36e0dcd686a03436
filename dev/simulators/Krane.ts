import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Context, type Duration, Effect, FiberMap, Layer, Ref, Schedule } from "effect"
import { inRealTime } from "../stack/RealTime.ts"
import { type Instances, reportHealthy, reportPending, reportStarted, reportStopped } from "./reports.ts"
import { sentinelsAfter, topologyAfter } from "./streams.ts"

export interface KraneOptions {
  readonly regions: ReadonlyArray<string>
  /** Between two looks at a region's stream. Default 200 ms, to be quick; the real one takes 1 s. */
  readonly pollInterval?: Duration.DurationInput
  /** From a topology row to running instances, and from a sentinel row to a healthy one. Default 500 ms. */
  readonly startDelay?: Duration.DurationInput
}

/**
 * Plays krane in every region, and the control API that takes its reports: follows topology and sentinels by version, as
 * krane does, and writes the instances and the health that a cluster would report. It runs in real time, also under a
 * test's virtual clock. What fails or is slow can be chosen at any time; a choice holds for starts that end after it.
 */
export class Krane extends Context.Tag("ctrl-worker/dev/Krane")<
  Krane,
  {
    /** Instances of this deployment, or of this image, end up `failed` instead of `running`. */
    readonly fail: (deploymentOrImage: string) => Effect.Effect<void>
    /** Takes back every `fail`. What has failed stays so until its topology changes again. */
    readonly heal: Effect.Effect<void>
    /**
     * Instances of this deployment, or of this image, run for so long before their health check passes. krane reports them
     * as `failed` meanwhile (`svc/krane/internal/deployment/state.go`).
     */
    readonly beUnready: (deploymentOrImage: string, unready: Duration.DurationInput) => Effect.Effect<void>
    /** How long starts take in this region from now on. */
    readonly slowDown: (region: string, startDelay: Duration.DurationInput) => Effect.Effect<void>
  }
>() {}

interface Row {
  readonly version: bigint
}

/** Hands every row to `handle` once, in the order of versions. The cursor lives in memory only: a new krane starts over. */
const follow = <R extends Row>(
  select: (cursor: bigint) => Effect.Effect<ReadonlyArray<R>, SqlError, SqlClient>,
  handle: (row: R) => Effect.Effect<unknown, never, SqlClient>,
  interval: Duration.DurationInput
) =>
  Effect.gen(function* () {
    const cursor = yield* Ref.make(0n)
    const poll = Effect.gen(function* () {
      for (const row of yield* select(yield* Ref.get(cursor))) {
        yield* handle(row)
        yield* Ref.set(cursor, row.version)
      }
    })
    yield* Effect.repeat(untilWritten(poll), Schedule.spaced(interval))
  })

/** A database that is away comes back; krane goes on where it was. */
const untilWritten = <A, R>(effect: Effect.Effect<A, SqlError, R>): Effect.Effect<A, never, R> =>
  Effect.eventually(Effect.tapError(effect, () => Effect.sleep("200 millis")))

const makeKrane = Effect.fnUntraced(function* (options: KraneOptions) {
  const { pollInterval = "200 millis", startDelay = "500 millis" } = options
  const failing = yield* Ref.make<ReadonlySet<string>>(new Set())
  const unready = yield* Ref.make<ReadonlyMap<string, Duration.DurationInput>>(new Map())
  const delays = yield* Ref.make<ReadonlyMap<string, Duration.DurationInput>>(new Map())
  // One piece of work per deployment or sentinel and region: newer wishes take the place of older ones.
  const work = yield* FiberMap.make<string>()

  const replace = (key: string, effect: Effect.Effect<void, SqlError, SqlClient>) =>
    Effect.zipRight(FiberMap.remove(work, key), FiberMap.run(work, key, untilWritten(effect)))

  const waitFor = (region: string) =>
    Effect.flatMap(Ref.get(delays), (slow) => Effect.sleep(slow.get(region) ?? startDelay))

  const start = (wanted: Instances) =>
    Effect.gen(function* () {
      yield* reportPending(wanted)
      yield* waitFor(wanted.region)
      const slow = yield* Ref.get(unready)
      const unreadyFor = slow.get(wanted.deploymentId) ?? slow.get(wanted.image)
      if (unreadyFor !== undefined) {
        yield* reportStarted(wanted, "failed")
        yield* Effect.sleep(unreadyFor)
      }
      const chosen = yield* Ref.get(failing)
      yield* reportStarted(wanted, chosen.has(wanted.deploymentId) || chosen.has(wanted.image) ? "failed" : "running")
    })

  const followRegion = (region: string) =>
    Effect.all(
      [
        follow(
          (cursor) => topologyAfter(region, cursor),
          ({ instances, wanted }) =>
            replace(`${region} ${instances.deploymentId}`, wanted ? start(instances) : reportStopped(instances)),
          pollInterval
        ),
        follow(
          (cursor) => sentinelsAfter(region, cursor),
          ({ id }) => replace(`${region} ${id}`, Effect.zipRight(waitFor(region), reportHealthy(id))),
          pollInterval
        )
      ],
      { concurrency: "unbounded", discard: true }
    )

  yield* Effect.forkScoped(inRealTime(Effect.forEach(options.regions, followRegion, { concurrency: "unbounded" })))

  return Krane.of({
    fail: (deploymentOrImage) => Ref.update(failing, (chosen) => new Set(chosen).add(deploymentOrImage)),
    heal: Ref.set(failing, new Set()),
    beUnready: (deploymentOrImage, duration) =>
      Ref.update(unready, (slow) => new Map(slow).set(deploymentOrImage, duration)),
    slowDown: (region, delay) => Ref.update(delays, (slow) => new Map(slow).set(region, delay))
  })
})

/** A krane for these regions, until the layer's scope closes. */
export const krane = (options: KraneOptions): Layer.Layer<Krane, never, SqlClient> =>
  Layer.scoped(Krane, makeKrane(options))
