import { assert, describe, it } from "@effect/vitest"
import { applyRefusal, isDnsLabel, isImageReference, isLabelValue } from "../../../dev/simulators/applyRefusal.ts"
import { statusOf } from "../../../dev/simulators/pods.ts"
import { shownStep } from "./dashboard.ts"
import { cacheState, routeCache } from "./frontline.ts"

const digest = `sha256:${"f0".repeat(32)}`

describe("what krane reports of a pod", () => {
  it.each([
    ["Pending", false, "pending"],
    ["Running", true, "running"],
    ["Running", false, "failed"],
    ["Failed", false, "failed"],
    ["Succeeded", false, "inactive"],
    ["Unknown", false, "inactive"]
  ] as const)("%s, containers ready %s: %s", (phase, containersReady, status) => {
    assert.strictEqual(statusOf({ phase, containersReady }), status)
  })
})

describe("Kubernetes", () => {
  it("takes a label of RFC 1123 for a namespace and nothing else", () => {
    for (const name of ["a", "ws-1", "0", "a".repeat(63)]) assert.isTrue(isDnsLabel(name), name)
    for (const name of ["", "-a", "a-", "a_b", "A", "a.b", "ä", "a".repeat(64), "a\n"])
      assert.isFalse(isDnsLabel(name), name)
  })

  it("takes a label's value of 63 characters that begins and ends with a letter or digit, or an empty one", () => {
    for (const value of ["", "d_1", "Bld-1.x", "a".repeat(63)]) assert.isTrue(isLabelValue(value), value)
    for (const value of ["_a", "a_", "a/b", "a b", "a".repeat(64)]) assert.isFalse(isLabelValue(value), value)
  })

  it.each([
    ["nginx", true],
    ["registry.example:5000/team/app:v1", true],
    [`registry.depot.dev/abc123@${digest}`, true],
    [`[fd00::1]:5000/app:1@${digest}`, true],
    ["", false],
    ["App", false],
    ["registry.example/App", false],
    ["app:", false],
    ["app:a b", false],
    ["app@sha256:f0", false],
    ["https://registry.example/app", false]
  ])("image %s: %s", (image, fits) => {
    assert.strictEqual(isImageReference(image), fits)
  })
})

describe("krane", () => {
  const row = {
    deploymentId: "d_1",
    workspaceId: "ws_1",
    projectId: "proj_1",
    environmentId: "env_1",
    buildId: null,
    k8sName: "app-1",
    namespace: "ws-1",
    image: "nginx",
    replicas: 1,
    cpuMillicores: 256,
    memoryMib: 256,
    port: 8080
  }

  it("applies a row that is whole", () => assert.isNull(applyRefusal(row)))

  it.each([
    [{ namespace: null }, "namespace null"],
    [{ namespace: "Team" }, "namespace Team"],
    [{ k8sName: "app_1" }, "name app_1"],
    [{ image: null }, "image null"],
    [{ image: "" }, "image "],
    [{ cpuMillicores: 0 }, "cpu 0"],
    [{ memoryMib: -1 }, "memory -1"],
    [{ port: 0 }, "port 0"],
    [{ port: 70_000 }, "port 70000"],
    [{ buildId: "bld/1" }, "label bld/1"]
  ])("does not apply one with %j", (columns, refusal) => {
    assert.strictEqual(applyRefusal({ ...row, ...columns }), refusal)
  })
})

describe("frontline", () => {
  it("serves what it remembers of a host for 30 s, for 5 minutes while it asks anew, and asks first from then on", () => {
    const states = [0, routeCache.fresh - 1, routeCache.fresh, routeCache.stale - 1, routeCache.stale].map(cacheState)
    assert.deepStrictEqual(states, ["remembered", "remembered", "late", "late", "asked"])
  })
})

describe("the dashboard", () => {
  it.each([
    [undefined, "pending"],
    [{ ended_at: null, error: null }, "running"],
    [{ ended_at: 2, error: null }, "completed"],
    [{ ended_at: 2, error: "" }, "completed"],
    [{ ended_at: 2, error: "exit code 7" }, "failed"]
  ] as const)("shows a step of %j as %s", (row, shown) => {
    assert.strictEqual(shownStep(row), shown)
  })
})
