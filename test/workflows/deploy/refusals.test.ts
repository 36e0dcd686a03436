import { assert, describe, it } from "@effect/vitest"
import { Deployment } from "../../../src/services/deploy/Deployment.ts"
import { promoteRefusal } from "../../../src/workflows/deploy/Promote.ts"
import { rollbackRefusal } from "../../../src/workflows/deploy/Rollback.ts"

const deployment = (id: string, columns: Partial<Deployment> = {}): Deployment =>
  Deployment.make({
    id,
    k8sName: id,
    workspaceId: "ws_shop",
    projectId: "proj_shop",
    environmentId: "env_shop_production",
    port: 8080,
    cpuMillicores: 256,
    memoryMib: 256,
    healthCheck: null,
    gitCommitSha: null,
    gitBranch: null,
    status: "ready",
    desiredState: "running",
    createdAt: 1,
    ...columns
  })

const source = deployment("d_2")
const target = deployment("d_1")
const unready = ["pending", "building", "deploying", "network", "failed"] as const

describe("a promotion", () => {
  it("is accepted for a ready deployment that is not live", () => {
    for (const isRolledBack of [false, true]) {
      const project = { liveDeploymentId: "d_2", isRolledBack }
      assert.isUndefined(promoteRefusal(target, project))
      assert.isUndefined(promoteRefusal(deployment("d_1", { desiredState: "standby" }), project))
    }
  })

  it("is accepted for the live deployment of a project that is rolled back: it confirms the rollback", () => {
    assert.isUndefined(promoteRefusal(target, { liveDeploymentId: "d_1", isRolledBack: true }))
  })

  for (const status of unready)
    it(`is refused for a deployment that is ${status}`, () => {
      const project = { liveDeploymentId: "d_2", isRolledBack: false }
      assert.strictEqual(promoteRefusal(deployment("d_1", { status }), project), "not_ready")
    })

  it("is refused without a live deployment, and for the live one without a rollback", () => {
    for (const isRolledBack of [false, true])
      assert.strictEqual(promoteRefusal(target, { liveDeploymentId: null, isRolledBack }), "no_live_deployment")
    assert.strictEqual(promoteRefusal(target, { liveDeploymentId: "d_1", isRolledBack: false }), "already_live")
  })

  it("names the first thing that is wrong", () => {
    assert.strictEqual(
      promoteRefusal(deployment("d_1", { status: "failed" }), { liveDeploymentId: null, isRolledBack: false }),
      "not_ready"
    )
  })
})

describe("a rollback", () => {
  it("is accepted from the live deployment to a ready one of its environment, running or not", () => {
    assert.isUndefined(rollbackRefusal(source, target, "d_2"))
    assert.isUndefined(rollbackRefusal(source, deployment("d_1", { desiredState: "standby" }), "d_2"))
  })

  const other = { environmentId: "env_shop_preview" }
  const foreign = { projectId: "proj_bank" }
  const refusals = [
    { why: "the target is of another environment", to: deployment("d_1", other), live: "d_2", is: "other_environment" },
    { why: "the target is of another project", to: deployment("d_1", foreign), live: "d_2", is: "other_project" },
    {
      why: "both differ, by environment",
      to: deployment("d_1", { ...other, ...foreign }),
      live: "d_2",
      is: "other_environment"
    },
    { why: "nothing is live", to: target, live: null, is: "no_live_deployment" },
    { why: "something else is live", to: target, live: "d_3", is: "source_not_live" },
    { why: "the target is live itself", to: target, live: "d_1", is: "source_not_live" }
  ]
  for (const { why, to, live, is } of refusals)
    it(`is refused when ${why}`, () => {
      assert.strictEqual(rollbackRefusal(source, to, live), is)
    })

  for (const status of unready)
    it(`[W25] is refused to a deployment that is ${status}`, () => {
      assert.strictEqual(rollbackRefusal(source, deployment("d_1", { status }), "d_2"), "not_ready")
    })
})
