import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { Krane, krane } from "../../dev/simulators/Krane.ts"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import { seedDeployment, seedProject } from "../../dev/simulators/seed.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { MysqlPoolsLive } from "../../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../../src/migrations/migrate.ts"
import { poolOptions, quietly } from "../layers/mysql/MysqlWorld.ts"
import { freshDatabase } from "../support/stack/Database.ts"

const regions = ["one", "two"]

const world = Layer.unwrapScoped(
  Effect.gen(function* () {
    const url = yield* freshDatabase
    yield* Effect.provide(quietly(migrate), MysqlPoolsLive({ primary: poolOptions(url) }))
    return krane({
      regions,
      pollInterval: "10 millis",
      startDelay: "20 millis",
      stopDelay: "300 millis",
      restartPause: "100 millis",
      resyncInterval: "200 millis"
    }).pipe(Layer.provideMerge(simulatorDatabase(url)))
  })
)

let version = 0

/** A deployment with an image, published in one region as the worker publishes it. */
const publish = Effect.fnUntraced(function* (image: string, region: string) {
  const sql = yield* SqlClient
  const slug = `w${++version}`
  const project = yield* seedProject({ workspaceSlug: slug, projectSlug: slug })
  const id = yield* seedDeployment(project)
  yield* sql`UPDATE deployments SET image = ${image} WHERE id = ${id}`
  yield* sql`UPDATE workspaces SET k8s_namespace = ${slug} WHERE id = ${project.workspaceId}`
  const row = { workspace_id: project.workspaceId, deployment_id: id, region, created_at: 0 }
  yield* sql`INSERT INTO deployment_topology ${sql.insert({ ...row, desired_replicas: 2, version, desired_status: "starting" })}`
  return id
})

const statuses = Effect.fnUntraced(function* (deploymentId: string) {
  const sql = yield* SqlClient
  const rows = yield* sql<{ status: string }>`SELECT status FROM instances WHERE deployment_id = ${deploymentId}`
  return rows.map(({ status }) => status)
})

const untilStatuses = (deploymentId: string, wanted: ReadonlyArray<string>) =>
  statuses(deploymentId).pipe(
    Effect.filterOrFail((found) => found.join() === wanted.join()),
    Effect.retry(Schedule.spaced("10 millis")),
    Effect.timeout("5 seconds"),
    inRealTime
  )

describe("the simulator of krane", () => {
  it.layer(world)((it) => {
    it.effect("runs one instance per replica of what is starting, and none of what is stopped", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient
        const id = yield* publish("app:1", "one")
        yield* untilStatuses(id, ["running", "running"])
        yield* sql`
          UPDATE deployment_topology SET desired_status = 'stopped', version = ${++version} WHERE deployment_id = ${id}`
        yield* untilStatuses(id, [])
      })
    )

    it.effect("fails the image it was told to fail, until it is healed", () =>
      Effect.gen(function* () {
        const simulator = yield* Krane
        yield* simulator.fail("app:broken")
        const broken = yield* publish("app:broken", "one")
        yield* untilStatuses(broken, ["failed", "failed"])
        yield* simulator.heal
        yield* untilStatuses(yield* publish("app:broken", "one"), ["running", "running"])
      })
    )

    it.effect("reports what runs and is not ready as failed, and once more at its next look at all that runs", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient
        yield* Effect.flatMap(Krane, (simulator) => simulator.beUnready("app:slow", "1 second"))
        const id = yield* publish("app:slow", "one")
        yield* untilStatuses(id, ["failed", "failed"])
        yield* sql`UPDATE instances SET status = 'pending' WHERE deployment_id = ${id}`
        yield* untilStatuses(id, ["failed", "failed"])
        yield* untilStatuses(id, ["running", "running"])
      })
    )

    it.effect("replaces instances as often as it was told to before they stay up", () =>
      Effect.gen(function* () {
        yield* Effect.flatMap(Krane, (simulator) => simulator.restart("app:restarted", 2))
        const id = yield* publish("app:restarted", "one")
        for (const status of ["failed", "pending", "failed", "running"]) yield* untilStatuses(id, [status, status])
      })
    )

    it.effect("takes instances away after a while, also those whose deployment alone says that it is not to run", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient
        const id = yield* publish("app:1", "one")
        yield* untilStatuses(id, ["running", "running"])
        yield* sql`UPDATE deployments SET desired_state = 'standby' WHERE id = ${id}`
        yield* Effect.delay(Effect.void, "100 millis").pipe(inRealTime)
        assert.deepStrictEqual(yield* statuses(id), ["running", "running"])
        yield* untilStatuses(id, [])
      })
    )

    it.effect("runs nothing of a row that Kubernetes would refuse", () =>
      Effect.gen(function* () {
        const refused = yield* publish("Not An Image", "one")
        yield* untilStatuses(yield* publish("app:1", "one"), ["running", "running"])
        assert.deepStrictEqual(yield* statuses(refused), [])
      })
    )

    it.effect("is slow in one region without being slow in another", () =>
      Effect.gen(function* () {
        const simulator = yield* Krane
        yield* simulator.slowDown("two", "1 hour")
        const slow = yield* publish("app:1", "two")
        yield* untilStatuses(slow, ["pending", "pending"])
        yield* untilStatuses(yield* publish("app:1", "one"), ["running", "running"])
        assert.deepStrictEqual(yield* statuses(slow), ["pending", "pending"])
      })
    )
  })
})
