import { Effect } from "effect"
import { namesOf, seedDeployment, seededAt, seedInstance, seedProject, seedRoute } from "../memory/seeds.ts"
import type { Tables } from "../memory/Tables.ts"
import { World } from "../memory/World.ts"
import { apex } from "./ControlPlane.ts"

/** Long before virtual time begins. The n-th deployment of a project is n minutes younger than the project. */
export const createdAt = (nth: number): number => seededAt + nth * 60_000

/** The host names that follow a seeded project's production deployments. */
export const hostsOf = (name: string) => ({
  live: `${name}-${name}.${apex}`,
  environment: `${name}-production-${name}.${apex}`
})

/** A deployment that has become ready earlier and runs, one instance in each region. Versions start at `version`. */
export const seedReady = Effect.fnUntraced(function* (
  name: string,
  id: string,
  {
    version,
    regions = ["eu", "us"],
    ...columns
  }: Partial<Tables["deployments"]> & {
    readonly version: number
    readonly regions?: ReadonlyArray<string>
  }
) {
  const world = yield* World
  const { workspaceId } = namesOf(name)
  yield* seedDeployment(name, id, { status: "ready", image: `${id}:1`, ...columns })
  const isUp = (columns.desired_state ?? "running") === "running"
  for (const region of regions) {
    yield* world.insert("deployment_topology", {
      workspace_id: workspaceId,
      deployment_id: id,
      region,
      desired_replicas: 1,
      version,
      desired_status: isUp ? "started" : "stopped",
      created_at: seededAt,
      updated_at: null
    })
    if (isUp) yield* seedInstance(name, { deployment_id: id, region, k8s_name: `${id}-1`, status: "running" })
  }
  return id
})

/** Makes a seeded deployment the live one, with both production host names pointing at it. */
export const seedLive = Effect.fnUntraced(function* (name: string, id: string) {
  const world = yield* World
  const { live, environment } = hostsOf(name)
  yield* world.update("projects", { id: namesOf(name).projectId }, { live_deployment_id: id })
  yield* seedRoute(name, live, { deployment_id: id, sticky: "live" })
  yield* seedRoute(name, environment, { deployment_id: id, sticky: "environment" })
})

/** The project most stories are about: two regions, nothing deployed. */
export const shop = seedProject("shop", { regions: { eu: 1, us: 1 } })

/** The n-th deployment of the shop, not deployed yet. */
export const pending = (id: string, nth: number, columns: Partial<Tables["deployments"]> = {}) =>
  seedDeployment("shop", id, { created_at: createdAt(nth), ...columns })

/** The shop with `d_1` live. */
export const withLive = Effect.gen(function* () {
  yield* shop
  yield* seedReady("shop", "d_1", { version: 1, created_at: createdAt(1) })
  yield* seedLive("shop", "d_1")
})

/** The shop with `d_2` live and `d_1` on standby. */
export const withStandby = Effect.gen(function* () {
  yield* shop
  yield* seedReady("shop", "d_1", { version: 1, created_at: createdAt(1), desired_state: "standby" })
  yield* seedReady("shop", "d_2", { version: 2, created_at: createdAt(2) })
  yield* seedLive("shop", "d_2")
})

/** The shop with `d_1` live and a newer `d_2` that runs beside it. */
export const withTwo = Effect.gen(function* () {
  yield* withLive
  yield* seedReady("shop", "d_2", { version: 2, created_at: createdAt(2) })
})
