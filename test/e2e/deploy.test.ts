import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Krane } from "../../dev/simulators/Krane.ts"
import { visit } from "../contract/neighbours/frontline.ts"
import { everythingIsReadable } from "../contract/neighbours/misreadings.ts"
import { seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import {
  apex,
  deploy,
  deploymentRow,
  deployNew,
  projectRow,
  routesOf,
  rows,
  scheduledChanges,
  unfinished
} from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { messageOf, postDeployService } from "./support/ingress.ts"
import { stack } from "./support/Stack.ts"

const europe = "eu-west-1.aws"
const america = "us-east-1.aws"

/** Waits until exactly these changes of desired state are scheduled, in minutes from their creation. */
const untilScheduled = (deploymentId: string, minutes: ReadonlyArray<number>) =>
  eventually(
    `standby of ${deploymentId}`,
    scheduledChanges(deploymentId),
    (seen) => JSON.stringify(seen) === JSON.stringify(minutes)
  )

/** Deployments whose next change of desired state counts: a change that was cleared still waits, and will do nothing. */
const transitionsOf = (prefix: string) =>
  Effect.flatMap(RestateClient, (restate) =>
    restate.sql(
      `SELECT service_key FROM state WHERE service_name = 'hydra.v1.DeploymentService' AND key = 'transition'
       AND service_key LIKE '${prefix}%' ORDER BY service_key`
    )
  ).pipe(Effect.map((rows) => rows.map(({ service_key }) => service_key)))

layer(stack({ regions: [europe, america] }), { excludeTestServices: true, timeout: "1 minute" })("deploying", (it) => {
  it.effect("a second deploy takes the routes and sends its predecessor to standby after 30 minutes", () =>
    Effect.gen(function* () {
      yield* seedProject("second", { regions: { [europe]: 1 } })
      yield* deployNew("second", "d_2_1", 1, { git_branch: "main" })
      yield* deployNew("second", "d_2_2", 2, { git_branch: "main" })
      assert.deepStrictEqual(yield* projectRow("second"), { live: "d_2_2", rolledBack: false })
      assert.deepStrictEqual(yield* routesOf("second"), {
        "second-git-main-second": "d_2_2",
        "second-production-second": "d_2_2",
        "second-second": "d_2_2"
      })
      yield* untilScheduled("d_2_1", [30])
      assert.deepStrictEqual(yield* scheduledChanges("d_2_2"), [])
      const former = yield* deploymentRow("d_2_1")
      assert.deepInclude(former, { status: "ready", desired_state: "running" })
    })
  )

  it.effect("a rollback holds the live names until a promotion, whatever is deployed in between", () =>
    Effect.gen(function* () {
      const { projectId } = yield* seedProject("back", { regions: { [europe]: 1 } })
      yield* deployNew("back", "d_b_1", 1)
      yield* deployNew("back", "d_b_2", 2)
      yield* untilScheduled("d_b_1", [30])

      const rollback = { sourceDeploymentId: "d_b_2", targetDeploymentId: "d_b_1" }
      assert.deepStrictEqual(yield* postDeployService("Rollback", projectId, rollback), { status: 200, text: "{}" })
      assert.deepStrictEqual(yield* projectRow("back"), { live: "d_b_1", rolledBack: true })
      assert.deepStrictEqual(yield* routesOf("back"), { "back-production-back": "d_b_1", "back-back": "d_b_1" })
      yield* untilScheduled("d_b_2", [30])
      assert.deepStrictEqual(yield* transitionsOf("d_b_"), ["d_b_2"])

      yield* deployNew("back", "d_b_3", 3)
      assert.deepStrictEqual(yield* projectRow("back"), { live: "d_b_1", rolledBack: true })
      assert.deepStrictEqual(yield* routesOf("back"), { "back-production-back": "d_b_3", "back-back": "d_b_1" })

      const promote = { targetDeploymentId: "d_b_3" }
      assert.deepStrictEqual(yield* postDeployService("Promote", projectId, promote), { status: 200, text: "{}" })
      assert.deepStrictEqual(yield* projectRow("back"), { live: "d_b_3", rolledBack: false })
      assert.deepStrictEqual(yield* routesOf("back"), { "back-production-back": "d_b_3", "back-back": "d_b_3" })
      yield* eventually("standby of d_b_1", transitionsOf("d_b_"), (ids) => ids.join() === "d_b_1,d_b_2")
    })
  )

  it.effect("every key that callers use, camel or snake case, and a send are a deploy like any other", () =>
    Effect.gen(function* () {
      yield* seedProject("keys", { regions: { [europe]: 1 } })
      const restate = yield* RestateClient
      for (const [nth, id] of ["d_k_1", "d_k_2", "d_k_3"].entries())
        yield* seedDeployment("keys", id, { created_at: seededAt + nth })
      yield* deploy("d_k_1", "d_k_1")
      const snake = { deployment_id: "d_k_2", key_auth_id: "ka_1", docker_image: { image: "nginx" }, command: ["run"] }
      assert.deepStrictEqual(yield* postDeployService("Deploy", "global", snake), { status: 200, text: "{}" })
      const invocation = yield* restate.send("hydra.v1.DeployService/proj_keys/Deploy", {
        deploymentId: "d_k_3",
        dockerImage: { image: "nginx" },
        aFieldOfANewerClient: true
      })
      assert.strictEqual((yield* restate.attach(invocation)).status, 200)
      assert.deepStrictEqual(yield* projectRow("keys"), { live: "d_k_3", rolledBack: false })
    })
  )

  it.effect("a preview deploy gets its names and leaves the live position alone", () =>
    Effect.gen(function* () {
      const { previewId } = yield* seedProject("pre", { regions: { [europe]: 1 } })
      yield* deployNew("pre", "d_p_1", 1)
      yield* deployNew("pre", "d_p_2", 2, { environment_id: previewId, git_branch: "topic" })
      assert.deepStrictEqual(yield* projectRow("pre"), { live: "d_p_1", rolledBack: false })
      assert.deepStrictEqual(yield* routesOf("pre"), {
        "pre-production-pre": "d_p_1",
        "pre-pre": "d_p_1",
        "pre-git-topic-pre": "d_p_2",
        "pre-preview-pre": "d_p_2"
      })
      const { sentinels } = yield* rows
      assert.strictEqual(sentinels.find(({ environment_id }) => environment_id === previewId)?.desired_replicas, 1)
    })
  )

  it.effect("a rollback does not wait for a deploy of the same project that waits for its instances", () =>
    Effect.gen(function* () {
      const { projectId } = yield* seedProject("wait", { regions: { [america]: 1 } })
      yield* deployNew("wait", "d_w_1", 1)
      yield* deployNew("wait", "d_w_2", 2)
      const krane = yield* Krane
      yield* krane.slowDown(america, "1 hour")
      yield* seedDeployment("wait", "d_w_3", { created_at: seededAt + 3 })
      const restate = yield* RestateClient
      const slow = yield* restate.send(`hydra.v1.DeployService/${projectId}/Deploy`, {
        deploymentId: "d_w_3",
        dockerImage: { image: "nginx" }
      })
      yield* eventually("the deploy waits", deploymentRow("d_w_3"), (row) => row?.status === "deploying")
      const rollback = { sourceDeploymentId: "d_w_2", targetDeploymentId: "d_w_1" }
      assert.deepStrictEqual(yield* postDeployService("Rollback", projectId, rollback), { status: 200, text: "{}" })
      assert.deepStrictEqual(yield* projectRow("wait"), { live: "d_w_1", rolledBack: true })
      assert.deepInclude(yield* deploymentRow("d_w_3"), { status: "deploying" })

      yield* restate.cancel(slow)
      const cancelled = yield* restate.attach(slow)
      assert.strictEqual(cancelled.status, 409)
      assert.deepInclude(yield* deploymentRow("d_w_3"), { status: "failed", desired_state: "standby" })
      yield* krane.slowDown(america, 0)
    })
  )

  it.effect("a target on standby runs before it gets the routes", () =>
    Effect.gen(function* () {
      const { projectId } = yield* seedProject("woken", { regions: { [europe]: 1 } })
      yield* deployNew("woken", "d_s_1", 1)
      yield* deployNew("woken", "d_s_2", 2)
      const world = yield* World
      // As it is once its 30 minutes are over and krane has stopped it.
      yield* world.update("deployments", { id: "d_s_1" }, { desired_state: "standby" })
      yield* world.update("deployment_topology", { deployment_id: "d_s_1" }, { desired_status: "stopped" })
      yield* world.update("instances", { deployment_id: "d_s_1" }, { status: "inactive" })
      const rollback = { sourceDeploymentId: "d_s_2", targetDeploymentId: "d_s_1" }
      assert.deepStrictEqual(yield* postDeployService("Rollback", projectId, rollback), { status: 200, text: "{}" })
      const { instances, deployment_topology } = yield* world.dump
      assert.strictEqual(instances.find((it) => it.deployment_id === "d_s_1")?.status, "running")
      assert.strictEqual(deployment_topology.find((it) => it.deployment_id === "d_s_1")?.desired_status, "started")
      assert.deepStrictEqual(yield* projectRow("woken"), { live: "d_s_1", rolledBack: true })
    })
  )

  it.effect("a deploy whose instances run before they are ready goes live once their health check passes", () =>
    Effect.gen(function* () {
      yield* seedProject("unready", { regions: { [europe]: 1 } })
      yield* Effect.flatMap(Krane, (krane) => krane.beUnready("d_r_1", "8 seconds"))
      // Longer than the grace of this stack: what the deployment's own health check allows counts.
      const healthcheck = { initialDelaySeconds: 30, intervalSeconds: 5, failureThreshold: 3 }
      yield* deployNew("unready", "d_r_1", 1, { healthcheck })
      assert.deepStrictEqual(yield* projectRow("unready"), { live: "d_r_1", rolledBack: false })
    })
  )

  it.effect("a deploy whose instances fail says so at its step, is failed, and is taken back from krane", () =>
    Effect.gen(function* () {
      yield* seedProject("broken", { regions: { [europe]: 1 } })
      yield* deployNew("broken", "d_f_1", 1)
      yield* Effect.flatMap(Krane, (krane) => krane.fail("d_f_2"))
      yield* seedDeployment("broken", "d_f_2", { created_at: seededAt + 2 })
      const reply = yield* postDeployService("Deploy", "proj_broken", {
        deploymentId: "d_f_2",
        dockerImage: { image: "nginx" }
      })
      assert.strictEqual(reply.status, 500)
      assert.match(
        messageOf(reply),
        /^deployment d_f_2 failed while deploying: no instance runs in eu-west-1\.aws; failed: /
      )
      const all = yield* rows
      assert.deepInclude(yield* deploymentRow("d_f_2"), { status: "failed", desired_state: "standby" })
      const steps = all.deployment_steps.filter((step) => step.deployment_id === "d_f_2")
      assert.deepStrictEqual(
        steps.map(({ step, error }) => [step, error?.slice(0, 18) ?? null]),
        [
          ["building", null],
          ["deploying", "no instance runs i"],
          ["queued", null]
        ]
      )
      assert.isTrue(steps.every(({ ended_at }) => ended_at !== null))
      assert.strictEqual(all.deployment_topology.find((it) => it.deployment_id === "d_f_2")?.desired_status, "stopped")
      assert.deepStrictEqual(yield* projectRow("broken"), { live: "d_f_1", rolledBack: false })
    })
  )

  it.effect("nothing is left behind unfinished or paused", () =>
    eventually("the end of every invocation", unfinished, (left) => left.length === 0)
  )

  it.effect("a visitor of each name of a live deployment is served by it", () =>
    Effect.gen(function* () {
      const all = yield* rows
      for (const name of ["second-second", "second-git-main-second", "second-production-second"])
        assert.deepStrictEqual(visit(all, `${name}.${apex}`, europe), { _tag: "Served", deploymentId: "d_2_2" })
      assert.deepInclude(visit(all, `nothing.${apex}`, europe), { _tag: "Refused", status: 404 })
    })
  )

  it.effect(
    "krane, frontline and the dashboard can read every row that deploys, promotions and rollbacks left",
    () => everythingIsReadable
  )
})
