import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import type { ActivationSnapshot } from "../../../src/services/customDomain/DomainStore.ts"
import { nextCheckDelay } from "../../../src/workflows/customDomain/checkSchedule.ts"
import { planActivation } from "../../../src/workflows/customDomain/planActivation.ts"
import { named } from "../../support/named.ts"

const deployment = (id: string) => ({
  id,
  projectId: "proj",
  environmentId: "env",
  status: "ready" as const,
  desiredState: "running" as const,
  createdAt: 1,
  ordinal: 1
})

const domain = { fqdn: named("app.example.com"), workspaceId: "ws", projectId: "proj", environmentId: "env" }

const snapshotOf = (changes: Partial<ActivationSnapshot> = {}): ActivationSnapshot => ({
  domain,
  refusal: null,
  project: { workspaceId: "ws", liveDeploymentId: null },
  environment: { projectId: "proj", slug: "production" },
  deployments: [],
  route: null,
  challenge: null,
  ...changes
})

const preview = { projectId: "proj", slug: "preview" }
const route = { projectId: "proj", environmentId: "env", sticky: "live", deploymentEnvironmentId: "env" } as const
const routeOf = (changes: Partial<ActivationSnapshot>) => planActivation(snapshotOf(changes)).route

describe("a domain that goes live", () => {
  const newest = [deployment("d_2"), deployment("d_1")]

  it("follows the newest deployment of its environment", () => {
    assert.deepStrictEqual(routeOf({ deployments: newest }), { action: "insert", sticky: "live", deploymentId: "d_2" })
    assert.deepStrictEqual(routeOf({ deployments: newest, environment: preview }), {
      action: "insert",
      sticky: "environment",
      deploymentId: "d_2"
    })
  })

  it("follows in production the live deployment, also after a rollback to an older one", () => {
    const project = { workspaceId: "ws", liveDeploymentId: "d_1" }
    assert.strictEqual(routeOf({ project, deployments: newest })?.deploymentId, "d_1")
  })

  it("[W22] does not follow the live deployment in another environment than its own", () => {
    const project = { workspaceId: "ws", liveDeploymentId: "d_1" }
    assert.strictEqual(routeOf({ project, deployments: newest, environment: preview })?.deploymentId, "d_2")
    const elsewhere = { workspaceId: "ws", liveDeploymentId: "d_elsewhere" }
    assert.strictEqual(routeOf({ project: elsewhere, deployments: newest })?.deploymentId, "d_2")
  })

  const routes: ReadonlyArray<readonly [string, Partial<ActivationSnapshot>, ReturnType<typeof routeOf>]> = [
    ["leaves its route where swaps have moved it", { route, deployments: newest }, null],
    [
      "leaves its route that leads nowhere when there is nothing to lead to",
      { route: { ...route, deploymentEnvironmentId: null } },
      null
    ],
    [
      "lets its route lead to a deployment once there is one",
      { route: { ...route, deploymentEnvironmentId: null }, deployments: newest },
      { action: "move", sticky: "live", deploymentId: "d_2" }
    ],
    [
      "[W22] repairs a live route of a preview, which no deploy would move",
      { route, environment: preview, deployments: newest },
      { action: "move", sticky: "environment", deploymentId: "d_2" }
    ],
    [
      "takes its route along into another environment of its project",
      { route: { ...route, environmentId: "env_old", deploymentEnvironmentId: "env_old" }, deployments: newest },
      { action: "move", sticky: "live", deploymentId: "d_2" }
    ]
  ]
  for (const [what, changes, expected] of routes) it(what, () => assert.deepStrictEqual(routeOf(changes), expected))

  const challenges = [
    [null, "insert", true],
    ["failed", "reopen", true],
    ["waiting", null, true],
    ["pending", null, true],
    ["verified", null, false]
  ] as const
  for (const [challenge, action, isWithoutCertificate] of challenges)
    it(`with ${challenge === null ? "no challenge" : `a challenge that is ${challenge}`} ${isWithoutCertificate ? "asks for a certificate" : "has one"}`, () => {
      const plan = planActivation(snapshotOf({ challenge }))
      assert.strictEqual(plan.challenge, action)
      assert.deepStrictEqual(plan.answer, { _tag: "Activated", workspaceId: "ws", isWithoutCertificate })
    })

  const refusals: ReadonlyArray<readonly [string, Partial<ActivationSnapshot>]> = [
    ["[W5] its name serves another project", { route: { ...route, projectId: "proj_other" } }],
    ["its project is gone", { project: null }],
    ["its project belongs to another workspace", { project: { workspaceId: "ws_other", liveDeploymentId: null } }],
    ["its environment is gone", { environment: null }],
    ["its environment belongs to another project", { environment: { projectId: "proj_other", slug: "production" } }]
  ]
  for (const [what, changes] of refusals)
    it(`is refused, and nothing is written, when ${what}`, () => {
      const { answer, ...writes } = planActivation(snapshotOf(changes))
      assert.deepStrictEqual(writes, { route: null, challenge: null, isVerified: false })
      assert.strictEqual(answer._tag, "Refused")
    })
})

describe("the pause after a failed check", () => {
  it("grows from 15 s to a minute and never reaches beyond the end of the run", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6, 2_000].map((failed) => nextCheckDelay(failed, 86_400_000)),
      [15_000, 22_500, 33_750, 50_625, 60_000, 60_000, 60_000]
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: -10, max: 86_400_000 }),
        (failed, remaining) => {
          const pause = nextCheckDelay(failed, remaining)
          assert.isTrue(pause >= 0 && pause <= 60_000 && (remaining < 0 || pause <= remaining))
        }
      )
    )
  })
})
