import { type Clock, Duration, Effect, FiberSet } from "effect"
import type { InstanceStatus } from "../../../src/services/deploy/Deployment.ts"
import { type RegionPlan, RegionStore } from "../../../src/services/deploy/RegionStore.ts"
import { type Draft, MemoryTables, transaction, updateWhere } from "../memory/MemoryTables.ts"
import type { Tables } from "../memory/Tables.ts"

interface Place {
  readonly deploymentId: string
  readonly region: string
}

/** What becomes of a deployment's instances in a region that was asked to run them. */
export interface Start {
  readonly after: Duration.DurationInput
  readonly status: InstanceStatus
  /** What krane reports afterwards, each so long after the one before. */
  readonly next?: ReadonlyArray<Omit<Start, "next">>
}

export type StartOf = (place: Place) => Start

/** Not a whole number of seconds: polls come every second, and a tie would make what a poll sees a matter of order. */
export const startsSoon: Start = { after: "1700 millis", status: "running" }
export const fails: Start = { ...startsSoon, status: "failed" }
export const hangs: Start = { ...startsSoon, status: "pending" }
/** krane reports what runs and is not ready yet as failed, until its health check passes. */
export const isUnreadyFor = (after: Duration.DurationInput): Start => ({
  ...fails,
  next: [{ after, status: "running" }]
})
/** Ends twice after 20 s, and is started again by Kubernetes, before it stays up. */
export const restartsTwice: Start = {
  ...fails,
  next: [
    { after: "20 seconds", status: "pending" },
    { after: "10 seconds", status: "failed" },
    { after: "20 seconds", status: "pending" },
    { after: "20 seconds", status: "failed" },
    { after: "20 seconds", status: "running" }
  ]
}
const stopsAfter = Duration.millis(700)
const sentinelHealthyAfter = Duration.millis(1300)

const isAt =
  ({ deploymentId, region }: Place) =>
  (row: { readonly deployment_id: string; readonly region: string }) =>
    row.deployment_id === deploymentId && row.region === region

const wantsInstances = ({ desired_status }: Tables["deployment_topology"]) =>
  desired_status === "starting" || desired_status === "started"

const removeInstances = (draft: Draft, place: Place) => {
  const kept = draft.instances.filter((row) => !isAt(place)(row))
  draft.instances.splice(0, draft.instances.length, ...kept)
}

/** Makes the instances of one place what its topology says at this moment, as krane's informers would report them. */
const reconcile = (draft: Draft, place: Place, status: InstanceStatus) => {
  const topology = draft.deployment_topology.find(isAt(place))
  const deployment = draft.deployments.find(({ id }) => id === place.deploymentId)
  if (topology === undefined || deployment === undefined) return
  removeInstances(draft, place)
  if (!wantsInstances(topology)) return
  for (let number = 1; number <= topology.desired_replicas; number++) {
    const name = `${place.deploymentId}-${number}`
    draft.instances.push({
      id: `ins_${name}_${place.region}`,
      deployment_id: place.deploymentId,
      workspace_id: deployment.workspace_id,
      project_id: deployment.project_id,
      region: place.region,
      k8s_name: name,
      address: `${name}.${place.region}:8080`,
      cpu_millicores: 256,
      memory_mib: 256,
      status
    })
  }
}

/** One row as krane's cursor meets it. */
export interface Published {
  readonly region: string
  readonly version: bigint
}

const publishedBy = (region: string, { policies, sentinel, topology }: RegionPlan): ReadonlyArray<Published> =>
  [...policies, sentinel, topology].flatMap((row) => (row === null ? [] : [{ region, version: row.version }]))

/**
 * The region store with a krane behind it: what becomes visible in a region is acted on after a while of virtual time.
 * Instances appear and go, sentinels become healthy. Every version is added to `feed` in the order of commits.
 */
export const withKrane = (clock: Clock.Clock, startOf: StartOf, feed: Array<Published>) =>
  Effect.gen(function* () {
    const store = yield* RegionStore
    const change = transaction(yield* MemoryTables)
    const fork = yield* FiberSet.makeRuntime<never>()
    // Forked outside of the caller: a step that publishes must not be seen waiting for what comes of it.
    const later = (delay: Duration.DurationInput, act: (draft: Draft) => void) =>
      Effect.sync(() => fork(Effect.withClock(Effect.delay(Effect.orDie(change("krane", act)), delay), clock)))
    return RegionStore.of({
      ...store,
      transact: (request, decide) =>
        Effect.tap(store.transact(request, decide), (plan) =>
          Effect.gen(function* () {
            const { region, environmentId } = request
            const { topology, sentinel } = plan
            feed.push(...publishedBy(region, plan))
            if (sentinel !== null)
              yield* later(sentinelHealthyAfter, (draft) =>
                updateWhere(draft.sentinels, (row) => row.environment_id === environmentId && row.region === region, {
                  health: "healthy",
                  available_replicas: sentinel.desiredReplicas
                })
              )
            if (topology === null) return
            const start = startOf(request)
            if (topology.desiredStatus === "stopped")
              return yield* later(stopsAfter, (draft) => reconcile(draft, request, start.status))
            let delay = Duration.zero
            for (const { after, status } of [start, ...(start.next ?? [])]) {
              delay = Duration.sum(delay, after)
              yield* later(delay, (draft) => reconcile(draft, request, status))
            }
          })
        )
    })
  })
