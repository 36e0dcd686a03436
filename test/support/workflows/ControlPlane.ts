import { Context, Effect, Layer } from "effect"
import { MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { BuildSettings } from "../../../src/services/builds/BuildSettings.ts"
import { DbError } from "../../../src/services/Db.ts"
import { DeploymentStore } from "../../../src/services/deploy/DeploymentStore.ts"
import { DeploySettings } from "../../../src/services/deploy/DeploySettings.ts"
import { RegionStore } from "../../../src/services/deploy/RegionStore.ts"
import { BuildSlotWorkflows } from "../../../src/workflows/builds/BuildSlotWorkflows.ts"
import { CommitStatusWorkflows } from "../../../src/workflows/commits/CommitStatusWorkflows.ts"
import { DeployWorkflows } from "../../../src/workflows/deploy/DeployWorkflows.ts"
import { DeploymentWorkflows } from "../../../src/workflows/deployment/DeploymentWorkflows.ts"
import { RoutingWorkflows } from "../../../src/workflows/routing/RoutingWorkflows.ts"
import { VersioningWorkflows } from "../../../src/workflows/versioning/VersioningWorkflows.ts"
import { type MemoryBuilder, type MemoryBuilderOptions, memoryBuilder } from "../memory/MemoryBuilder.ts"
import { type MemoryGitHub, type MemoryGitHubOptions, memoryGitHub } from "../memory/MemoryGitHub.ts"
import { type MemoryTables, memoryTables } from "../memory/MemoryTables.ts"
import { memoryWorld } from "../memory/MemoryWorld.ts"
import { type Refuses, refusingStores } from "../memory/refusingStores.ts"
import { type Published, type StartOf, startsSoon, withKrane } from "./Krane.ts"

/** The services on Restate in memory, with a database in memory and a simulated krane: all on one virtual time. */
export class ControlPlane extends Context.Tag("test/ControlPlane")<
  ControlPlane,
  {
    readonly engine: MemoryRestate
    /** Every version that became visible, in the order of commits. */
    readonly feed: ReadonlyArray<Published>
  }
>() {}

/** The engine alone, for layers that serve more objects on it. */
export class Engine extends Context.Tag("test/Engine")<Engine, MemoryRestate>() {}

/** What further objects on the same engine may stand on: the database in memory and what surrounds it. */
export type FixtureServices = Engine | Layer.Layer.Success<typeof memoryWorld> | MemoryTables

export interface ControlPlaneOptions<More = never> extends MemoryRestateOptions {
  readonly startOf?: StartOf
  /** Whether the database refuses to write, by milliseconds since the start. */
  readonly isReadOnly?: (elapsed: number) => boolean
  /** Whether the database refuses a statement for good, by `Store.method`. Asked at every statement. */
  readonly refuses?: Refuses
  /** Whether the process has read the counter of a region, asked by every change. Default: as the store remembers. */
  readonly knowsCounter?: () => boolean
  readonly settings?: Partial<DeploySettings["Type"]>
  /** Without: no builder is configured. */
  readonly builder?: MemoryBuilderOptions
  /** Without: no GitHub App is configured. */
  readonly github?: MemoryGitHubOptions
  readonly builds?: Partial<BuildSettings["Type"]>
  /** Serves more objects on the engine and answers with what a story needs of them, such as doubles to look into. */
  readonly more?: Layer.Layer<More, never, FixtureServices>
}

export const apex = "unkey.test"
const defaultSettings: DeploySettings["Type"] = {
  apex,
  sentinelImage: "sentinel:1",
  availableRegions: ["eu", "us"],
  failureGrace: 180_000,
  registry: null
}

/** Unless a test says otherwise, builds of a workspace follow each other. */
export const buildsAtOnce = 1
const defaultBuilds: BuildSettings["Type"] = {
  maxPerWorkspace: buildsAtOnce,
  deadline: 30 * 60_000,
  platform: "linux/amd64"
}

const serveAll = (engine: MemoryRestate) =>
  Effect.all([
    engine.serve(BuildSlotWorkflows),
    engine.serve(CommitStatusWorkflows),
    engine.serve(DeployWorkflows),
    engine.serve(DeploymentWorkflows),
    engine.serve(RoutingWorkflows),
    engine.serve(VersioningWorkflows)
  ])

/** The store of deployments during a failover: it answers questions and refuses to open or close steps. */
const withFailovers = (isReadOnly: () => boolean) =>
  Effect.map(DeploymentStore, (store) =>
    DeploymentStore.of({
      ...store,
      changePhase: (change) =>
        Effect.suspend(() =>
          isReadOnly()
            ? new DbError({ operation: "DeploymentStore.changePhase", reason: "read_only" })
            : store.changePhase(change)
        )
    })
  )

const services = ({ startOf = () => startsSoon, ...options }: ControlPlaneOptions<never>) =>
  Layer.scoped(
    ControlPlane,
    Effect.flatMap(Engine, (engine) =>
      Effect.gen(function* () {
        const feed: Array<Published> = []
        const known = options.knowsCounter
        const regions = {
          ...(yield* withKrane(engine.time.clock, startOf, feed)),
          ...(known === undefined ? {} : { isCounterKnown: () => Effect.sync(known) })
        }
        const startedAt = engine.time.now
        const isReadOnly = () => options.isReadOnly?.(engine.time.now - startedAt) ?? false
        yield* serveAll(engine).pipe(
          Effect.provideServiceEffect(DeploymentStore, withFailovers(isReadOnly)),
          Effect.provideService(RegionStore, regions),
          Effect.provideService(DeploySettings, { ...defaultSettings, ...options.settings }),
          Effect.provideService(BuildSettings, { ...defaultBuilds, ...options.builds })
        )
        return { engine, feed }
      })
    )
  )

/** A new one each time it is built: nothing is shared between two runs of a story. */
export const controlPlane = <More = never>({
  more,
  ...options
}: ControlPlaneOptions<More> = {}): Layer.Layer<More | Services> => {
  // Without more objects More is never, which is what an empty layer provides.
  const further: Layer.Layer<More, never, FixtureServices> = more ?? (Layer.empty as unknown as Layer.Layer<More>)
  const world = options.refuses === undefined ? memoryWorld : refusingStores(options.refuses)(memoryWorld)
  // One after the other: a merge starts a fiber and a scope for each side, which takes longer than most of these layers.
  return services(options).pipe(
    Layer.provideMerge(further),
    Layer.provideMerge(memoryBuilder(options.builder)),
    Layer.provideMerge(memoryGitHub(options.github)),
    Layer.provideMerge(world),
    // The world is built on the same tables: a layer is built once per build.
    Layer.provideMerge(memoryTables),
    Layer.provide(Layer.sync(Engine, () => new MemoryRestate(options)))
  )
}

/** Moves virtual time on, in milliseconds. */
export const advance = (millis: number) => Effect.flatMap(ControlPlane, ({ engine }) => engine.advance(millis))

/** Milliseconds during which no worker runs: what is due meanwhile runs late. */
export const outage = (millis: number) =>
  Effect.map(ControlPlane, ({ engine }) => engine.time.moveTo(engine.time.now + millis))

/** Moves virtual time until nothing is left to do. */
export const drain = Effect.flatMap(ControlPlane, ({ engine }) => engine.drain)

/** What a story may use. */
export type Services = ControlPlane | MemoryBuilder | MemoryGitHub | Exclude<FixtureServices, Engine>

/** Runs a test on a control plane of its own. */
export const on =
  <More = never>(options: ControlPlaneOptions<More> = {}) =>
  <A, E>(test: Effect.Effect<A, E, Services | More>): Effect.Effect<A, E> =>
    Effect.provide(test, controlPlane<More>(options))
