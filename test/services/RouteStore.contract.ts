import { assert, layer } from "@effect/vitest"
import { Effect, Exit, type Layer } from "effect"
import { RouteStore, type RoutingPlan, type RoutingSnapshot } from "../../src/services/deploy/RouteStore.ts"
import { namesOf, seedDeployment, seededAt, seedProject, seedRoute } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const at = seededAt + 1_000
const rowsOf = Effect.flatMap(World, (world) => world.dump)
const shop = namesOf("shop")

const plan = <A>(answer: A, changes: Partial<RoutingPlan<A>> = {}): RoutingPlan<A> => ({
  insert: [],
  reassign: [],
  live: null,
  answer,
  ...changes
})

/** Takes a free name, or returns its owner. */
const takeName = (routeId: string, fqdn: string) => (snapshot: RoutingSnapshot) => {
  const owner = snapshot.routes.find((route) => route.fqdn === fqdn)
  return owner === undefined
    ? plan("taken", { insert: [{ id: routeId, fqdn, sticky: "none" }] })
    : plan(`belongs to ${owner.projectId}`)
}

const seed = Effect.all([
  seedProject("shop"),
  seedProject("other"),
  seedDeployment("shop", "d_1", { status: "ready" }),
  seedDeployment("shop", "d_2", { status: "ready" })
])

/** What every implementation of `RouteStore` promises. */
export const routeStoreContract = <E>(name: string, stores: Layer.Layer<RouteStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`RouteStore: ${name}`, (it) => {
    const guarantee = guaranteesOf(it, RouteStore, seed)

    guarantee(
      "a decision sees the target, the live deployment and every route that concerns it, oldest first",
      (store) =>
        Effect.gen(function* () {
          yield* (yield* World).update(
            "projects",
            { id: shop.projectId },
            { live_deployment_id: "d_1", is_rolled_back: true }
          )
          yield* seedRoute("shop", "env.example.com", { sticky: "environment", created_at: 30, deployment_id: "d_1" })
          yield* seedRoute("shop", "live.example.com", { sticky: "live", created_at: 20, deployment_id: "d_gone" })
          yield* seedRoute("shop", "branch.example.com", { sticky: "branch", created_at: 10 })
          yield* seedRoute("shop", "preview.example.com", { sticky: "environment", environment_id: shop.previewId })
          yield* seedRoute("other", "foreign.example.com", { created_at: 5 })
          const seen = yield* store.transact(
            { projectId: shop.projectId, deploymentId: "d_2", fqdns: ["foreign.example.com", "free.example.com"], at },
            plan
          )
          assert.deepStrictEqual(seen.project, { id: shop.projectId, liveDeploymentId: "d_1", isRolledBack: true })
          assert.include(seen.target, { id: "d_2", environmentSlug: "production", createdAt: seededAt })
          assert.strictEqual(seen.live?.id, "d_1")
          assert.isBelow(seen.live?.ordinal ?? 0, seen.target?.ordinal ?? 0)
          assert.deepStrictEqual(
            seen.routes.map(({ fqdn, deployment, projectId }) => [fqdn, deployment?.id ?? null, projectId]),
            [
              ["foreign.example.com", null, "proj_other"],
              ["live.example.com", null, shop.projectId],
              ["env.example.com", "d_1", shop.projectId]
            ]
          )
        })
    )

    guarantee("a decision about an unknown project and deployment sees nothing and writes nothing", (store) =>
      Effect.gen(function* () {
        const before = yield* rowsOf
        const seen = yield* store.transact({ projectId: "proj_x", deploymentId: "d_x", fqdns: [], at }, plan)
        assert.deepStrictEqual(seen, { project: null, target: null, live: null, routes: [] })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("new routes, moved routes and the live deployment are written together", (store) =>
      Effect.gen(function* () {
        const moved = yield* seedRoute("shop", "live.example.com", { sticky: "live", deployment_id: "d_1" })
        yield* store.transact({ projectId: shop.projectId, deploymentId: "d_2", fqdns: [], at }, () =>
          plan("done", {
            insert: [{ id: "flr_new", fqdn: "new.example.com", sticky: "branch" }],
            reassign: [moved],
            live: { deploymentId: "d_2", isRolledBack: true }
          })
        )
        const { frontline_routes, projects } = yield* rowsOf
        assert.deepStrictEqual(frontline_routes, [
          {
            id: moved,
            project_id: shop.projectId,
            deployment_id: "d_2",
            environment_id: shop.productionId,
            fully_qualified_domain_name: "live.example.com",
            sticky: "live",
            created_at: seededAt,
            updated_at: at
          },
          {
            id: "flr_new",
            project_id: shop.projectId,
            deployment_id: "d_2",
            environment_id: shop.productionId,
            fully_qualified_domain_name: "new.example.com",
            sticky: "branch",
            created_at: at,
            updated_at: at
          }
        ])
        assert.deepInclude(
          projects.find(({ id }) => id === shop.projectId),
          { live_deployment_id: "d_2", is_rolled_back: true, updated_at: at }
        )
        assert.strictEqual(yield* store.liveDeployment(shop.projectId), "d_2")
      })
    )

    guarantee("a plan that fails half-way leaves every row as it was", (store) =>
      Effect.gen(function* () {
        const moved = yield* seedRoute("shop", "live.example.com", { sticky: "live", deployment_id: "d_1" })
        yield* seedRoute("other", "foreign.example.com", { id: "flr_foreign" })
        const before = yield* rowsOf
        const failed = yield* store
          .transact({ projectId: shop.projectId, deploymentId: "d_2", fqdns: [], at }, () =>
            plan("never", {
              insert: [
                { id: "flr_a", fqdn: "a.example.com", sticky: "none" },
                { id: "flr_foreign", fqdn: "b.example.com", sticky: "none" }
              ],
              reassign: [moved],
              live: { deploymentId: "d_2", isRolledBack: false }
            })
          )
          .pipe(Effect.flip)
        assert.include(failed, { operation: "RouteStore.transact", reason: "duplicate_key" })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("a decision that throws leaves every row as it was and stays a defect", (store) =>
      Effect.gen(function* () {
        const before = yield* rowsOf
        const exit = yield* store
          .transact({ projectId: shop.projectId, deploymentId: "d_2", fqdns: [], at }, () => {
            throw new TypeError("a mistake in the decision")
          })
          .pipe(Effect.exit)
        assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Die")
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("of two projects that take the same name at once, one gets it and the other decides again", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("other", "d_o")
        for (const round of [1, 2, 3, 4, 5, 6, 7, 8]) {
          const fqdn = `race-${round}.example.com`
          const take = (project: string, deploymentId: string) =>
            store.transact(
              { projectId: namesOf(project).projectId, deploymentId, fqdns: [fqdn], at },
              takeName(`flr_${project}_${round}`, fqdn)
            )
          const answers = yield* Effect.all([take("shop", "d_1"), take("other", "d_o")], { concurrency: "unbounded" })
          const [route] = (yield* rowsOf).frontline_routes.filter((row) => row.fully_qualified_domain_name === fqdn)
          assert.deepStrictEqual(
            answers,
            route?.project_id === shop.projectId
              ? ["taken", `belongs to ${shop.projectId}`]
              : ["belongs to proj_other", "taken"]
          )
        }
      })
    )

    guarantee("changes of the live deployment follow each other, each seeing the one before", (store) =>
      Effect.gen(function* () {
        const ids = ["d_3", "d_4", "d_5", "d_6", "d_7", "d_8"]
        yield* Effect.forEach(ids, (id) => seedDeployment("shop", id, { status: "ready" }))
        const previous = yield* Effect.forEach(
          ids,
          (deploymentId) =>
            store.transact({ projectId: shop.projectId, deploymentId, fqdns: [], at }, ({ project }) =>
              plan(project?.liveDeploymentId ?? "none", { live: { deploymentId, isRolledBack: false } })
            ),
          { concurrency: "unbounded" }
        )
        const last = yield* store.liveDeployment(shop.projectId)
        assert.deepStrictEqual([...previous, last].sort(), [...ids, "none"].sort())
      })
    )

    guarantee("an assignment moves the project's routes and skips unknown and foreign ones", (store) =>
      Effect.gen(function* () {
        const own = yield* seedRoute("shop", "own.example.com", { deployment_id: "d_1" })
        const foreign = yield* seedRoute("other", "foreign.example.com", { deployment_id: "d_o" })
        const assignment = {
          projectId: shop.projectId,
          deploymentId: "d_2",
          routeIds: [own, foreign, "flr_unknown"],
          at
        }
        yield* store.assign(assignment)
        const first = yield* rowsOf
        yield* store.assign(assignment)
        assert.deepStrictEqual(yield* rowsOf, first)
        assert.deepStrictEqual(
          first.frontline_routes.map((row) => [row.id, row.deployment_id, row.updated_at]),
          [
            [foreign, "d_o", null],
            [own, "d_2", at]
          ]
        )
      })
    )

    guarantee("a plan cannot move a route of another project", (store) =>
      Effect.gen(function* () {
        const foreign = yield* seedRoute("other", "foreign.example.com", { deployment_id: "d_o" })
        const before = yield* rowsOf
        yield* store.transact({ projectId: shop.projectId, deploymentId: "d_2", fqdns: [], at }, () =>
          plan("tried", { reassign: [foreign] })
        )
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("an empty assignment succeeds, and one of 1200 routes is complete", (store) =>
      Effect.gen(function* () {
        yield* store.assign({ projectId: shop.projectId, deploymentId: "d_2", routeIds: [], at })
        const routeIds = yield* Effect.forEach(
          Array.from({ length: 1_200 }, (_, index) => index),
          (index) => seedRoute("shop", `r${index}.example.com`)
        )
        yield* store.assign({ projectId: shop.projectId, deploymentId: "d_2", routeIds, at })
        const { frontline_routes } = yield* rowsOf
        assert.strictEqual(frontline_routes.filter((row) => row.deployment_id === "d_2").length, 1_200)
      })
    )

    guarantee("no deployment is live in a project that has none or does not exist", (store) =>
      Effect.gen(function* () {
        assert.isNull(yield* store.liveDeployment(shop.projectId))
        assert.isNull(yield* store.liveDeployment("proj_unknown"))
      })
    )
  })
