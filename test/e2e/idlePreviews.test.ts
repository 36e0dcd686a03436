import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SwitchedProxy, switchedProxy } from "../../dev/simulators/SwitchedProxy.ts"
import { namesOf, seedProject } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { clickhouseClient, insertRows, sharedClickhouse } from "../support/stack/Clickhouse.ts"
import { seedReady } from "../support/workflows/seeds.ts"
import { deploymentRow, rows, unfinished } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { postRaw } from "./support/ingress.ts"
import { stack } from "./support/Stack.ts"

const region = "local.dev"

const proxyToClickhouse = Layer.scoped(
  SwitchedProxy,
  Effect.flatMap(sharedClickhouse, ({ url }) => {
    const { hostname, port } = new URL(url)
    return switchedProxy({ host: hostname, port: Number(port) })
  })
)

/** The worker reaches ClickHouse through the proxy, under the address that the Go worker would be given. */
const world = Layer.unwrapEffect(
  Effect.gen(function* () {
    const { port } = yield* SwitchedProxy
    const address = new URL((yield* sharedClickhouse).url)
    const login = address.username === "" ? "" : `${address.username}:${address.password}@`
    return stack({
      regions: [region],
      env: { WORKER_CLICKHOUSE_URL: `clickhouse://${login}127.0.0.1:${port}`, WORKER_CLICKHOUSE_REQUEST_TIMEOUT: "2s" }
    })
  })
).pipe(Layer.provideMerge(proxyToClickhouse))

const seedPreview = (name: string, id: string, version: number) =>
  seedReady(name, id, { version, regions: [region], environment_id: namesOf(name).previewId })

const requestsTo = Effect.fnUntraced(function* (name: string, deploymentId: string, time: number) {
  const { previewId, projectId, workspaceId } = namesOf(name)
  const client = yield* clickhouseClient((yield* sharedClickhouse).url)
  yield* insertRows(client, "sentinel_requests_raw_v1", [
    { workspace_id: workspaceId, project_id: projectId, environment_id: previewId, deployment_id: deploymentId, time }
  ])
})

const askToScaleDown = postRaw("hydra.v1.DeployService/global/ScaleDownIdlePreviewDeployments", "{}")
const scaleDown = Effect.map(askToScaleDown, (reply) => assert.deepStrictEqual(reply, { status: 200, text: "{}" }))

const desiredState = (id: string) => Effect.map(deploymentRow(id), (row) => row?.desired_state)
const nothingRuns = eventually("the end of every invocation", unfinished, (left) => left.length === 0)
const sixHours = 6 * 3_600_000

layer(world, { excludeTestServices: true, timeout: "2 minutes" })("scaling down idle previews", (it) => {
  it.scoped("[W32] stops nothing while ClickHouse is down, says so, and does its work once it is back", () =>
    Effect.gen(function* () {
      const { close, open } = yield* SwitchedProxy
      yield* seedProject("down", { regions: { [region]: 1 } })
      yield* seedPreview("down", "d_down", 101)
      yield* close
      assert.strictEqual((yield* askToScaleDown).status, 503)
      yield* nothingRuns
      assert.strictEqual(yield* desiredState("d_down"), "running")
      yield* open
      yield* scaleDown
      assert.strictEqual(yield* desiredState("d_down"), "standby")
    })
  )

  it.scoped("stops the preview without a request in 6 hours, in every region, and no other", () =>
    Effect.gen(function* () {
      const project = yield* seedProject("idle", { regions: { [region]: 1 } })
      yield* seedReady("idle", "d_i_live", { version: 201, regions: [region] })
      yield* seedPreview("idle", "d_i_idle", 202)
      yield* seedPreview("idle", "d_i_busy", 203)
      yield* seedPreview("idle", "d_i_was_busy", 204)
      const projects = yield* World
      yield* projects.update("projects", { id: project.projectId }, { live_deployment_id: "d_i_live" })
      const now = Date.now()
      // A minute short of the window, and a minute beyond it.
      yield* requestsTo("idle", "d_i_busy", now - sixHours + 60_000)
      yield* requestsTo("idle", "d_i_was_busy", now - sixHours - 60_000)
      yield* scaleDown
      assert.deepStrictEqual(yield* Effect.all(["d_i_idle", "d_i_was_busy"].map(desiredState)), ["standby", "standby"])
      yield* nothingRuns
      assert.deepStrictEqual(yield* Effect.all(["d_i_live", "d_i_busy"].map(desiredState)), ["running", "running"])
      const { deployment_topology } = yield* rows
      assert.deepStrictEqual(
        deployment_topology
          .filter(({ deployment_id }) => deployment_id.startsWith("d_i_"))
          .map(({ deployment_id, desired_status }) => [deployment_id, desired_status])
          .sort(),
        [
          ["d_i_busy", "started"],
          ["d_i_idle", "stopped"],
          ["d_i_live", "started"],
          ["d_i_was_busy", "stopped"]
        ]
      )
    })
  )

  it.effect("nothing is left behind unfinished or paused", () => nothingRuns)
})
