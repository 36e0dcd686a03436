import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either } from "effect"
import { namesOf, seedProject, seedRoute } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { deploy, submitDeploy } from "../../support/workflows/commands.ts"
import { startsSoon } from "../../support/workflows/Krane.ts"
import { answerOf, deploymentRow, rows, stepsOf, topologyOf, traffic } from "../../support/workflows/queries.ts"
import { hostsOf, pending, shop, withLive } from "../../support/workflows/seeds.ts"

const { live, environment } = hostsOf("shop")

describe("a deploy", () => {
  it.effect("goes live with its host names, closes its steps and answers with the empty message", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1, { git_branch: "feature/login" })
      assert.deepStrictEqual(yield* deploy("d_1"), Either.right({}))
      assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: null, building: null, deploying: null, network: null })
      assert.deepStrictEqual(yield* traffic(), {
        live: "d_1",
        isRolledBack: false,
        routes: { [live]: "d_1", [environment]: "d_1", "shop-git-feature-login-shop.unkey.test": "d_1" }
      })
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "ready", image: "d_1:1", desired_state: "running" })
    }).pipe(on())
  )

  it.effect("puts the former live deployment on standby exactly 30 minutes later", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* pending("d_2", 2)
      yield* deploy("d_2")
      yield* engine.advance(Duration.minutes(30).pipe(Duration.subtract("1 millis")))
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "running" })
      yield* engine.advance("1 millis")
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "standby" })
      assert.deepStrictEqual(yield* topologyOf("d_1"), { eu: "stopped", us: "stopped" })
    }).pipe(on())
  )

  it.effect("[W2] that is older and slower than another one leaves it the routes, and sleeps after 30 minutes", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* pending("d_2", 2, { git_branch: "main" })
      yield* pending("d_3", 3, { git_branch: "main" })
      const slow = yield* submitDeploy("d_2")
      yield* deploy("d_3")
      assert.deepStrictEqual(yield* answerOf(slow), { code: 200, message: "" })
      const { routes, ...position } = yield* traffic()
      assert.deepStrictEqual(position, { live: "d_3", isRolledBack: false })
      assert.deepStrictEqual(new Set(Object.values(routes)), new Set(["d_3"]))
      yield* engine.drain
      const states = (yield* rows).deployments.map(({ id, desired_state }) => [id, desired_state])
      assert.deepStrictEqual(states, [
        ["d_1", "standby"],
        ["d_2", "standby"],
        ["d_3", "running"]
      ])
    }).pipe(
      on({
        startOf: ({ deploymentId }) =>
          deploymentId === "d_2" ? { after: "9300 millis", status: "running" } : startsSoon
      })
    )
  )

  it.effect("[W4] while rolled back takes the environment's name but never the live one", () =>
    Effect.gen(function* () {
      const world = yield* World
      yield* withLive
      yield* world.update("projects", { id: "proj_shop" }, { is_rolled_back: true })
      yield* pending("d_2", 2)
      assert.isTrue(Either.isRight(yield* deploy("d_2")))
      assert.deepStrictEqual(yield* traffic(), {
        live: "d_1",
        isRolledBack: true,
        routes: { [live]: "d_1", [environment]: "d_2" }
      })
    }).pipe(on())
  )

  it.effect("[W5] leaves a foreign project's host name alone and takes one of its own", () =>
    Effect.gen(function* () {
      yield* shop
      yield* seedProject("bank")
      yield* seedRoute("bank", live, { sticky: "live", deployment_id: "d_bank" })
      yield* pending("d_1", 1)
      yield* deploy("d_1")
      assert.deepStrictEqual((yield* traffic("proj_bank")).routes, { [live]: "d_bank" })
      const own = Object.keys((yield* traffic()).routes)
      assert.lengthOf(
        own.filter((fqdn) => /^shop-shop-[a-z0-9]{12}\.unkey\.test$/.test(fqdn)),
        1
      )
    }).pipe(on())
  )

  it.effect("[W29] brings the sentinels of its environment to the configured image", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2)
      yield* deploy("d_2")
      yield* pending("d_3", 3)
      const world = yield* World
      yield* world.update("sentinels", { region: "eu" }, { image: "sentinel:0" })
      yield* deploy("d_3")
      const images = (yield* rows).sentinels.map(({ region, image }) => [region, image])
      assert.sameDeepMembers(images, [
        ["eu", "sentinel:1"],
        ["us", "sentinel:1"]
      ])
    }).pipe(on())
  )

  it.effect("leaves sentinels the replicas and size that their rows have, whether or not their image changes", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2)
      yield* deploy("d_2")
      const world = yield* World
      const size = { desired_replicas: 7, cpu_millicores: 2000, memory_mib: 4096 }
      yield* world.update("sentinels", {}, size)
      yield* world.update("sentinels", { region: "eu" }, { image: "sentinel:0" })
      yield* pending("d_3", 3)
      yield* deploy("d_3")
      const { sentinels } = yield* rows
      assert.lengthOf(sentinels, 2)
      for (const sentinel of sentinels) assert.deepInclude(sentinel, { ...size, image: "sentinel:1" })
    }).pipe(on())
  )

  it.effect("[W30] waits for a healthy sentinel before any route leads through it", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shop
      yield* pending("d_1", 1)
      const deploying = yield* submitDeploy("d_1")
      yield* engine.advance("1200 millis")
      assert.deepStrictEqual((yield* traffic()).routes, {})
      yield* answerOf(deploying)
      const healthy = (yield* rows).sentinels.every(({ health }) => health === "healthy")
      assert.isTrue(healthy)
    }).pipe(on({ startOf: () => ({ after: "100 millis", status: "running" }) }))
  )

  it.effect("[W44] uses the workspace's one namespace, also when two first deploys run at once", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1)
      yield* pending("d_2", 2)
      const both = [yield* submitDeploy("d_1"), yield* submitDeploy("d_2")]
      yield* Effect.forEach(both, answerOf)
      const { workspaces, cilium_network_policies } = yield* rows
      const used = cilium_network_policies.map(({ k8s_namespace }) => k8s_namespace)
      assert.deepStrictEqual(new Set(used), new Set([workspaces[0]?.k8s_namespace, "sentinel"]))
    }).pipe(on())
  )

  it.effect("of a preview goes live beside production and stops nothing", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2, { environment_id: namesOf("shop").previewId })
      const before = yield* traffic()
      yield* deploy("d_2")
      const { engine } = yield* ControlPlane
      yield* engine.drain
      assert.deepStrictEqual(yield* traffic(), {
        ...before,
        routes: { ...before.routes, "shop-preview-shop.unkey.test": "d_2" }
      })
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "running" })
      assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "running" })
    }).pipe(on())
  )
})
