import { assert, describe, it } from "@effect/vitest"
import { implementations } from "../../src/composition/implementations.ts"
import { requestAttributes } from "../../src/workflows/requestAttributes.ts"

const request = (input: unknown, key = "a key") => ({ handler: "Do", key, input })

describe("the ids of a request", () => {
  it("are named as in logs and traces, those of its fields and that of its key", () => {
    const input = {
      targetDeploymentId: "d_1",
      projectId: "proj_1",
      domain: "example.com",
      command: "rm",
      buildId: "b_1"
    }
    assert.deepStrictEqual(requestAttributes("workspace_id")(request(input, "ws_1")), {
      deployment_id: "d_1",
      project_id: "proj_1",
      domain: "example.com",
      build_id: "b_1",
      workspace_id: "ws_1"
    })
  })

  it("leave out what is empty, no text, no id, or a key that is the caller's choice", () => {
    const input = {
      workspaceId: "",
      deploymentId: 7,
      constructor: "x",
      __proto__: { domain: "x" },
      git: { domain: "x" }
    }
    assert.deepStrictEqual(requestAttributes()(request(input)), {})
    for (const nothing of [undefined, null, "text"]) assert.deepStrictEqual(requestAttributes()(request(nothing)), {})
  })

  it("are bounded, whatever a caller sends", () => {
    const long = "💥".repeat(10_000)
    const named = requestAttributes("domain")(request({ workspaceId: long }, `${long}\ud800`))
    for (const value of Object.values(named)) assert.strictEqual(value, "💥".repeat(256))
    assert.lengthOf(Object.keys(named), 2)
  })

  it("are named by every service that has some, its key included where it is one", () => {
    const keys = implementations.map(({ contract, options }) => {
      const named = options.attributes?.({ ...request({ buildId: "b_1" }, "the key"), handler: "LookAtDomain" }) ?? {}
      return [
        contract.name.split(".").at(-1),
        Object.entries(named).map(([name, value]) => (value === "the key" ? name : ""))
      ]
    })
    assert.deepStrictEqual(Object.fromEntries(keys), {
      BuildSlotService: ["", "workspace_id"],
      CertificateService: [""],
      ClickhouseUserService: ["", "workspace_id"],
      CommitStatusService: ["", "deployment_id"],
      CustomDomainService: ["", "domain"],
      DeployService: [""],
      DeploymentService: ["", "deployment_id"],
      DomainProofService: ["", "domain"],
      // Their keys are a date, a month and `global`.
      IdlePreviews: [],
      KeyRefillService: [],
      QuotaCheckService: [],
      QuotaNoticeService: ["", "workspace_id"],
      RoutingService: ["", "project_id"],
      VersioningService: [""]
    })
  })
})
