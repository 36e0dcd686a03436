import { Context, Effect, Layer } from "effect"
import { MemoryRestate, type MemoryRestateOptions } from "../../../src/restate/testing/MemoryRestate.ts"
import { DbError } from "../../../src/services/Db.ts"
import { DeploymentStore } from "../../../src/services/DeploymentStore.ts"
import { DeploySettings } from "../../../src/services/DeploySettings.ts"
import { RegionStore } from "../../../src/services/RegionStore.ts"
import { DeployWorkflows } from "../../../src/workflows/deploy/DeployWorkflows.ts"
import { DeploymentWorkflows } from "../../../src/workflows/deployment/DeploymentWorkflows.ts"
import { RoutingWorkflows } from "../../../src/workflows/routing/RoutingWorkflows.ts"
import { VersioningWorkflows } from "../../../src/workflows/versioning/VersioningWorkflows.ts"
import { memoryTables } from "../memory/MemoryTables.ts"
import { memoryWorld } from "../memory/MemoryWorld.ts"
import { type Published, type StartOf, startsSoon, withKrane } from "./Krane.ts"

/** The four services on Restate in memory, with a database in memory and a simulated krane: all on one virtual time. */
export class ControlPlane extends Context.Tag("test/ControlPlane")<
  ControlPlane,
  {
    readonly engine: MemoryRestate
    /** Every version that became visible, in the order of commits. */
    readonly feed: ReadonlyArray<Published>
  }
>() {}

export interface ControlPlaneOptions extends MemoryRestateOptions {
  readonly startOf?: StartOf
  /** Whether the database refuses to write, by milliseconds since the start. */
  readonly isReadOnly?: (elapsed: number) => boolean
  readonly settings?: Partial<DeploySettings["Type"]>
}

export const apex = "unkey.test"
const defaultSettings: DeploySettings["Type"] = { apex, sentinelImage: "sentinel:1", availableRegions: ["eu", "us"] }

const serveAll = (engine: MemoryRestate) =>
  Effect.all([
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

/** A new one each time it is built: nothing is shared between two runs of a story. */
export const controlPlane = ({ startOf = () => startsSoon, ...options }: ControlPlaneOptions = {}) =>
  Layer.scoped(
    ControlPlane,
    Effect.gen(function* () {
      const engine = new MemoryRestate(options)
      const feed: Array<Published> = []
      const regions = yield* withKrane(engine.time.clock, startOf, feed)
      const startedAt = engine.time.now
      const isReadOnly = () => options.isReadOnly?.(engine.time.now - startedAt) ?? false
      yield* serveAll(engine).pipe(
        Effect.provideServiceEffect(DeploymentStore, withFailovers(isReadOnly)),
        Effect.provideService(RegionStore, regions),
        Effect.provideService(DeploySettings, { ...defaultSettings, ...options.settings })
      )
      return { engine, feed }
    })
    // memoryWorld is built on the same tables: a layer is built once per build.
  ).pipe(Layer.provideMerge(Layer.merge(memoryWorld, memoryTables)))

/** What a story may use. */
export type Services = Layer.Layer.Success<ReturnType<typeof controlPlane>>

/** Runs a test on a control plane of its own. */
export const on =
  (options: ControlPlaneOptions = {}) =>
  <A, E>(test: Effect.Effect<A, E, Services>): Effect.Effect<A, E> =>
    Effect.provide(test, controlPlane(options))
