import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Ref, Schedule } from "effect"
import { cuttingProxy } from "../../../dev/simulators/CuttingProxy.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { DeploymentStore } from "../../../src/services/deploy/DeploymentStore.ts"
import { RouteStore } from "../../../src/services/deploy/RouteStore.ts"
import { namesOf, seedDeployment, seededAt, seedProject, seedRoute } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { mysqlStores, poolOptions, quietly } from "./MysqlWorld.ts"

const at = seededAt + 1_000
const shop = namesOf("shop")
const rowsOf = Effect.flatMap(World, (world) => world.dump)

class Proxy extends Context.Tag("test/Proxy")<Proxy, Effect.Effect.Success<ReturnType<typeof cuttingProxy>>>() {}

/** The stores behind a proxy that can drop a COMMIT. */
const behindProxy = Layer.unwrapScoped(
  Effect.gen(function* () {
    const options = poolOptions(yield* freshDatabase)
    const proxy = yield* cuttingProxy(options)
    const pools = MysqlPoolsLive({ primary: { ...options, host: "127.0.0.1", port: proxy.port } })
    const migrated = Layer.tap(pools, (context) => Effect.provide(quietly(migrate), context))
    return Layer.provideMerge(mysqlStores, migrated).pipe(Layer.merge(Layer.succeed(Proxy, proxy)))
  })
)

layer(behindProxy, { excludeTestServices: true })("stores on a failing connection", (it) => {
  it.effect("a phase change whose COMMIT was written but never acknowledged is there once", () =>
    Effect.gen(function* () {
      yield* (yield* World).clear
      yield* seedProject("shop")
      yield* seedDeployment("shop", "d_1")
      const store = yield* DeploymentStore
      const proxy = yield* Proxy
      const before = yield* proxy.commits
      yield* proxy.inject("lose-answer-to-commit")
      yield* store.changePhase({ deploymentId: "d_1", at, open: "queued", status: "building" })
      assert.strictEqual((yield* proxy.commits) - before, 2)
      const { deployment_steps } = yield* rowsOf
      assert.deepStrictEqual(
        deployment_steps.map(({ step, started_at, ended_at }) => ({ step, started_at, ended_at })),
        [{ step: "queued", started_at: at, ended_at: null }]
      )
    })
  )

  it.effect("a route swap whose COMMIT was never acknowledged is decided again on its own result", () =>
    Effect.gen(function* () {
      yield* (yield* World).clear
      yield* seedProject("shop")
      yield* seedDeployment("shop", "d_1", { status: "ready" })
      const routeId = yield* seedRoute("shop", "live.example.com", { sticky: "live" })
      const routes = yield* RouteStore
      yield* (yield* Proxy).inject("lose-answer-to-commit")
      const seen = yield* routes.transact(
        { projectId: shop.projectId, deploymentId: "d_1", fqdns: ["new.example.com"], at },
        ({ project, routes }) => ({
          insert: routes.some((route) => route.fqdn === "new.example.com")
            ? []
            : [{ id: "flr_new", fqdn: "new.example.com", sticky: "none" }],
          reassign: [routeId],
          live: { deploymentId: "d_1", isRolledBack: false },
          answer: project?.liveDeploymentId ?? null
        })
      )
      assert.strictEqual(seen, "d_1")
      const { frontline_routes, projects } = yield* rowsOf
      assert.deepStrictEqual(
        frontline_routes.map((route) => [route.id, route.deployment_id]),
        [
          [routeId, "d_1"],
          ["flr_new", "d_1"]
        ].sort()
      )
      assert.strictEqual(projects[0]?.live_deployment_id, "d_1")
    })
  )

  it.effect("no phase is lost or doubled while connections are killed all the time", () =>
    Effect.gen(function* () {
      yield* (yield* World).clear
      yield* seedProject("shop")
      const deployments = Array.from({ length: 150 }, (_, index) => `d_${index}`)
      yield* Effect.forEach(deployments, (id) => seedDeployment("shop", id))
      const store = yield* DeploymentStore
      const { sql } = (yield* MysqlPools).primary
      const kills = yield* Ref.make(0)
      const killOne = Effect.gen(function* () {
        const [victim] = yield* sql<{ id: string }>`
          SELECT id FROM information_schema.processlist WHERE db = DATABASE() ORDER BY RAND() LIMIT 1`
        yield* Ref.update(kills, (n) => n + 1)
        yield* sql.unsafe(`KILL CONNECTION ${Number(victim?.id)}`).unprepared
      })
      const killer = yield* Effect.fork(Effect.repeat(Effect.ignore(killOne), Schedule.spaced("5 millis")))
      // The outer retry stands for Restate, which retries a step after the store has failed.
      yield* Effect.forEach(
        deployments,
        (deploymentId) =>
          store
            .changePhase({ deploymentId, at, open: "queued" })
            .pipe(
              Effect.zipRight(store.changePhase({ deploymentId, at: at + 1, close: "queued", open: "building" })),
              Effect.zipRight(store.fail({ deploymentId, at: at + 2, message: "stopped" })),
              Effect.retry({ times: 20 })
            ),
        { concurrency: 10 }
      )
      yield* Fiber.interrupt(killer)
      assert.isAbove(yield* Ref.get(kills), 5)
      const { deployments: rows, deployment_steps } = yield* rowsOf
      assert.isTrue(rows.every((row) => row.status === "failed"))
      assert.strictEqual(deployment_steps.length, 300)
      assert.isTrue(deployment_steps.every((step) => step.ended_at === (step.step === "queued" ? at + 1 : at + 2)))
    })
  )
})
