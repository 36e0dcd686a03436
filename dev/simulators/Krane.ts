import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Context, type Duration, Effect, FiberMap, Layer, Ref, Schedule } from "effect"
import { inRealTime } from "../stack/RealTime.ts"
import { type Pod, pendingPod, readyPod, replaced, type Stage, statusOf, unreadyFor, unreadyPod } from "./pods.ts"
import { type Instances, reportHealthy, reportPending, reportPods, reportStopped } from "./reports.ts"
import { isDesiredRunning, sentinelsAfter, topologyAfter } from "./streams.ts"

export interface KraneOptions {
  readonly regions: ReadonlyArray<string>
  /** Poll interval of a region's stream. Default 200 ms, for speed; the real one uses 1 s. */
  readonly pollInterval?: Duration.DurationInput
  /** Start time: from a topology row to running instances, and from a sentinel row to a healthy one. Default 500 ms. */
  readonly startDelay?: Duration.DurationInput
  /** Stop time: from a topology row to no instances. Default 200 ms; a real pod has 30 s. */
  readonly stopDelay?: Duration.DurationInput
  /** Resync interval. Default one minute, as the real one. */
  readonly resyncInterval?: Duration.DurationInput
  /** Initial restart back-off of a container; it doubles. Default 10 s, as in Kubernetes. */
  readonly restartPause?: Duration.DurationInput
}

/**
 * Simulates krane in every region, and the control API that stores its reports: follows topology and sentinels by version, and
 * writes the instances and health that a cluster would report, on each event and each minute. It does not run what krane or
 * Kubernetes would reject. It uses real time, also under a test's virtual clock. Failures and delays can be set at any time and
 * apply to starts that end later.
 */
export class Krane extends Context.Tag("ctrl-worker/dev/Krane")<
  Krane,
  {
    /** Containers of this deployment or image crash repeatedly: their instances stay `failed`. */
    readonly fail: (deploymentOrImage: string) => Effect.Effect<void>
    /** Removes every `fail`. Failed instances stay so until their topology changes. */
    readonly heal: Effect.Effect<void>
    /**
     * Instances of this deployment or image run this long before their health check passes. krane reports them as `failed`
     * meanwhile (`svc/krane/internal/deployment/state.go`).
     */
    readonly beUnready: (deploymentOrImage: string, unready: Duration.DurationInput) => Effect.Effect<void>
    /** Instances of this deployment or image crash this often, with a restart each, before they stay up. */
    readonly restart: (deploymentOrImage: string, times: number) => Effect.Effect<void>
    /** Start time in this region from now on. */
    readonly slowDown: (region: string, startDelay: Duration.DurationInput) => Effect.Effect<void>
  }
>() {}

interface Row {
  readonly version: bigint
}

/** Passes every row to `handle` once, by version. The cursor is in memory only: a new krane starts over. */
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

/** Retries until the database is available again. */
const untilWritten = <A, R>(effect: Effect.Effect<A, SqlError, R>): Effect.Effect<A, never, R> =>
  Effect.eventually(Effect.tapError(effect, () => Effect.sleep("200 millis")))

const keyOf = ({ deploymentId, region }: Instances) => `${region} ${deploymentId}`

interface ReplicaSet {
  readonly wanted: Instances
  readonly pod: Pod
}

/**
 * Running instances by deployment and region, and their reports. Serialized, so that a report cannot recreate deleted
 * instances.
 */
const makeCluster = Effect.gen(function* () {
  const sets = new Map<string, ReplicaSet>()
  const turn = yield* Effect.makeSemaphore(1)
  const begin = (wanted: Instances) =>
    turn.withPermits(1)(
      Effect.suspend(() => {
        sets.set(keyOf(wanted), { wanted, pod: sets.get(keyOf(wanted))?.pod ?? pendingPod })
        return reportPending(wanted)
      })
    )
  const become = (wanted: Instances, pod: Pod) =>
    turn.withPermits(1)(
      Effect.suspend(() => {
        sets.set(keyOf(wanted), { wanted, pod })
        return reportPods(wanted, statusOf(pod))
      })
    )
  /** Terminating pods stay in the rows until they end and are not resynced. */
  const end = (wanted: Instances, lasts: Duration.DurationInput) =>
    Effect.sync(() => sets.delete(keyOf(wanted))).pipe(
      Effect.zipRight(Effect.sleep(lasts)),
      Effect.zipRight(turn.withPermits(1)(reportStopped(wanted)))
    )
  /** Resync: reports everything that runs in the region and returns what its deployment no longer wants. */
  const resync = (region: string, unwanted: (wanted: Instances) => Effect.Effect<unknown>) =>
    Effect.suspend(() =>
      Effect.forEach(
        [...sets].filter(([, { wanted }]) => wanted.region === region),
        ([key, { wanted }]) =>
          Effect.gen(function* () {
            if (!(yield* isDesiredRunning(wanted.deploymentId))) return yield* unwanted(wanted)
            yield* turn.withPermits(1)(
              Effect.suspend(() => {
                const set = sets.get(key)
                return set === undefined ? Effect.void : reportPods(set.wanted, statusOf(set.pod))
              })
            )
          }),
        { discard: true }
      )
    )
  return { begin, become, end, resync }
})

const makeKrane = Effect.fnUntraced(function* (options: KraneOptions) {
  const { pollInterval = "200 millis", restartPause = "10 seconds", resyncInterval = "1 minute" } = options
  const { startDelay = "500 millis", stopDelay = "200 millis" } = options
  const failing = yield* Ref.make<ReadonlySet<string>>(new Set())
  const stages = yield* Ref.make<ReadonlyMap<string, ReadonlyArray<Stage>>>(new Map())
  const delays = yield* Ref.make<ReadonlyMap<string, Duration.DurationInput>>(new Map())
  const cluster = yield* makeCluster
  // One task per deployment or sentinel and region: a newer desired state replaces an older one.
  const work = yield* FiberMap.make<string>()
  const context = yield* Effect.context<SqlClient>()

  const replace = (key: string, effect: Effect.Effect<void, SqlError, SqlClient>) =>
    Effect.zipRight(FiberMap.remove(work, key), FiberMap.run(work, key, Effect.provide(untilWritten(effect), context)))

  const waitFor = (region: string) =>
    Effect.flatMap(Ref.get(delays), (slow) => Effect.sleep(slow.get(region) ?? startDelay))

  const start = (wanted: Instances) =>
    Effect.gen(function* () {
      const { deploymentId, image } = wanted
      yield* cluster.begin(wanted)
      yield* waitFor(wanted.region)
      const chosen = yield* Ref.get(stages)
      for (const { lasts, pod } of chosen.get(deploymentId) ?? chosen.get(image) ?? []) {
        yield* cluster.become(wanted, pod)
        yield* Effect.sleep(lasts)
      }
      const broken = yield* Ref.get(failing)
      yield* cluster.become(wanted, broken.has(deploymentId) || broken.has(image) ? unreadyPod : readyPod)
    })

  const stop = (wanted: Instances) => replace(keyOf(wanted), cluster.end(wanted, stopDelay))

  const followRegion = (region: string) =>
    Effect.all(
      [
        follow(
          (cursor) => topologyAfter(region, cursor),
          ({ instances, order }) => {
            if (order === "refuse") return Effect.logWarning(`krane: ${keyOf(instances)} cannot be applied`)
            return order === "apply" ? replace(keyOf(instances), start(instances)) : stop(instances)
          },
          pollInterval
        ),
        follow(
          (cursor) => sentinelsAfter(region, cursor),
          ({ id }) => replace(`${region} ${id}`, Effect.zipRight(waitFor(region), reportHealthy(id))),
          pollInterval
        ),
        Effect.repeat(Effect.delay(untilWritten(cluster.resync(region, stop)), resyncInterval), Schedule.forever)
      ],
      { concurrency: "unbounded", discard: true }
    )

  yield* Effect.forkScoped(inRealTime(Effect.forEach(options.regions, followRegion, { concurrency: "unbounded" })))

  const choose = (deploymentOrImage: string, way: ReadonlyArray<Stage>) =>
    Ref.update(stages, (chosen) => new Map(chosen).set(deploymentOrImage, way))

  return Krane.of({
    fail: (deploymentOrImage) => Ref.update(failing, (chosen) => new Set(chosen).add(deploymentOrImage)),
    heal: Ref.set(failing, new Set()),
    beUnready: (deploymentOrImage, duration) => choose(deploymentOrImage, unreadyFor(duration)),
    restart: (deploymentOrImage, times) => choose(deploymentOrImage, replaced(times, restartPause)),
    slowDown: (region, delay) => Ref.update(delays, (slow) => new Map(slow).set(region, delay))
  })
})

/** A krane for these regions, until the layer's scope closes. */
export const krane = (options: KraneOptions): Layer.Layer<Krane, never, SqlClient> =>
  Layer.scoped(Krane, makeKrane(options))
