import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { decideSwap, isNewer, type SwapRequest } from "../../../src/workflows/routing/decideSwap.ts"
import { type ArbitrarySwap, applied, arbitrarySwap, deployment, route, snapshotOf, wanted } from "./snapshots.ts"

const [older, live, newer] = [deployment(1), deployment(2), deployment(3)]
const preview = deployment(4, { environmentId: "shop-preview" })
const deploy = (...domains: SwapRequest["domains"]): SwapRequest => ({ intent: "deploy", expectedLive: "d_2", domains })
const promote: SwapRequest = { intent: "promote", expectedLive: "d_2", domains: [] }
const rollback: SwapRequest = { intent: "rollback", expectedLive: "d_2", domains: [] }
const production = [route("live", "live", live), route("environment", "environment", live)]

describe("a swap", () => {
  it("for a deploy makes the newest deployment live, with every name it may have", () => {
    const plan = decideSwap(
      snapshotOf({ target: newer, live, routes: production }),
      deploy(wanted("branch", "branch"), wanted("live", "live"))
    )
    assert.deepStrictEqual(
      plan.insert.map(({ fqdn }) => fqdn),
      ["branch"]
    )
    assert.deepStrictEqual([...plan.reassign].sort(), ["flr_environment", "flr_live"])
    assert.deepStrictEqual(plan.live, { deploymentId: "d_3", isRolledBack: false })
    assert.deepInclude(plan.answer, { _tag: "Swapped", previous: "d_2", live: true })
  })

  it("[W2] for a deploy that is older than the live one leaves it everything and says so", () => {
    const plan = decideSwap(
      snapshotOf({ target: older, live, routes: [...production, route("branch", "branch", live)] }),
      deploy(wanted("branch", "branch"), wanted("live", "live"), wanted("commit", "none"))
    )
    assert.deepInclude(plan, { reassign: [], live: null })
    assert.deepStrictEqual(
      plan.insert.map(({ fqdn }) => fqdn),
      ["commit"]
    )
    assert.deepInclude(plan.answer, {
      skipped: [
        { fqdn: "branch", reason: "newer_deployment" },
        { fqdn: "live", reason: "newer_deployment" }
      ]
    })
  })

  it("[W4] for a deploy while rolled back leaves the live name where it is and takes the others", () => {
    const plan = decideSwap(
      snapshotOf({ target: newer, live, isRolledBack: true, routes: production }),
      deploy(wanted("environment", "environment"), wanted("live", "live"))
    )
    assert.deepInclude(plan, { reassign: ["flr_environment"], live: null })
    assert.deepInclude(plan.answer, { live: false, rolledBack: true })
    assert.deepInclude(plan.answer, { skipped: [{ fqdn: "live", reason: "rolled_back" }] })
  })

  it("[W5] takes the alternative of a name that another project owns", () => {
    const foreign = route("live", "live", null, "bank-production")
    const plan = decideSwap(snapshotOf({ target: newer, live, routes: [foreign] }), deploy(wanted("live", "live")))
    assert.deepStrictEqual(plan.reassign, [])
    assert.deepStrictEqual(
      plan.insert.map(({ fqdn, sticky }) => ({ fqdn, sticky })),
      [{ fqdn: "live-alternative", sticky: "live" }]
    )
    assert.deepInclude(plan.answer, { skipped: [{ fqdn: "live", reason: "foreign_project" }] })
  })

  it("leaves a name to the environment that has it: a sentinel answers 404 for another one", () => {
    const own = route("branch", "branch", null, "shop-preview")
    const plan = decideSwap(snapshotOf({ target: newer, live, routes: [own] }), deploy(wanted("branch", "branch")))
    assert.deepInclude(plan.answer, { skipped: [{ fqdn: "branch", reason: "other_environment" }] })
    assert.deepStrictEqual(plan.insert[0]?.fqdn, "branch-alternative")
  })

  it("for a deploy of a preview never touches the live position", () => {
    const plan = decideSwap(snapshotOf({ target: preview, live, routes: [] }), deploy(wanted("p", "environment")))
    assert.deepInclude(plan, { live: null })
    assert.deepInclude(plan.answer, { live: false, previous: "d_2" })
  })

  it("for a deploy that was ended or stopped meanwhile takes nothing", () => {
    const failed = deployment(3, { status: "failed" })
    const stopped = deployment(3, { desiredState: "standby" })
    const outcomes = [failed, stopped].map((target) =>
      decideSwap(snapshotOf({ target, live, routes: production }), deploy(wanted("live", "live")))
    )
    assert.deepStrictEqual(
      outcomes.map(({ answer }) => answer),
      [
        { _tag: "Refused", reason: "not_ready" },
        { _tag: "Refused", reason: "put_on_standby" }
      ]
    )
  })

  it("for a promotion moves every sticky route of the environment and ends a rollback", () => {
    const plan = decideSwap(snapshotOf({ target: older, live, isRolledBack: true, routes: production }), promote)
    assert.deepStrictEqual(plan.reassign, ["flr_live", "flr_environment"])
    assert.deepStrictEqual(plan.live, { deploymentId: "d_1", isRolledBack: false })
  })

  it("for a promotion of the live deployment ends the rollback, moves nothing that follows it, and says so again", () => {
    const own = production.map((entry) => ({ ...entry, deployment: live }))
    const before = snapshotOf({ target: live, live, isRolledBack: true, routes: own })
    const confirm = { ...promote, expectedLive: live.id }
    const plan = decideSwap(before, confirm)
    assert.deepStrictEqual(plan, {
      insert: [],
      reassign: [],
      live: { deploymentId: live.id, isRolledBack: false },
      answer: { _tag: "Swapped", previous: live.id, live: true, rolledBack: false, skipped: [] }
    })
    assert.deepStrictEqual(decideSwap(applied(before, plan), confirm), { ...plan, live: null })
  })

  it("for a rollback remembers that the project is rolled back", () => {
    const plan = decideSwap(snapshotOf({ target: older, live, routes: production }), rollback)
    assert.deepStrictEqual(plan.live, { deploymentId: "d_1", isRolledBack: true })
    assert.deepInclude(plan.answer, { previous: "d_2", rolledBack: true })
  })

  const switches = [
    { why: "the target is not ready", target: deployment(1, { status: "network" }), reason: "not_ready" },
    { why: "a timer stopped it", target: deployment(1, { desiredState: "standby" }), reason: "put_on_standby" },
    { why: "nothing would follow it", target: preview, reason: "no_sticky_routes" }
  ] as const
  for (const { why, target, reason } of switches)
    for (const request of [promote, rollback])
      it(`for a ${request.intent} is refused when ${why}`, () => {
        const plan = decideSwap(snapshotOf({ target, live, routes: production }), request)
        assert.deepStrictEqual(plan, { insert: [], reassign: [], live: null, answer: { _tag: "Refused", reason } })
      })

  it("[W27] is refused when another deployment is live than the caller saw, and says which", () => {
    const plan = decideSwap(snapshotOf({ target: older, live: newer, routes: production }), promote)
    assert.deepStrictEqual(plan.answer, { _tag: "Stale", actual: "d_3" })
  })

  it("[W23] that was committed before names the same predecessor again, never itself", () => {
    const before = snapshotOf({ target: newer, live, routes: production })
    const first = decideSwap(before, deploy(wanted("live", "live")))
    const again = decideSwap(applied(before, first), deploy(wanted("live", "live")))
    assert.deepInclude(first.answer, { previous: "d_2" })
    assert.deepStrictEqual(again, { insert: [], reassign: [], live: null, answer: first.answer })
  })

  it("is refused for a project or deployment that is not there, or not together", () => {
    const nobody = snapshotOf({ target: null, live })
    const foreigner = snapshotOf({ target: deployment(9, { environmentId: "bank-production" }), live })
    assert.deepStrictEqual(decideSwap(nobody, promote).answer, { _tag: "DeploymentMissing" })
    assert.deepStrictEqual(decideSwap(foreigner, promote).answer, { _tag: "DeploymentMissing" })
    assert.deepStrictEqual(decideSwap({ ...nobody, project: null }, promote).answer, { _tag: "ProjectMissing" })
  })
})

describe("of two deployments", () => {
  it("the one created later is newer, and in the same millisecond the one with the higher key", () => {
    assert.isTrue(isNewer(newer, older))
    assert.isTrue(isNewer({ ...newer, createdAt: 1 }, { ...older, createdAt: 1 }))
    assert.isFalse(isNewer(older, older))
  })
})

const decided = ({ snapshot, request }: ArbitrarySwap) => {
  const plan = decideSwap(snapshot, request)
  return { snapshot, request, plan, moved: snapshot.routes.filter(({ id }) => plan.reassign.includes(id)) }
}

describe("whatever the tables hold, a swap", () => {
  const holds = (law: (swap: ReturnType<typeof decided>) => void) => () =>
    fc.assert(fc.property(arbitrarySwap.map(decided), law), { numRuns: 2000 })

  it(
    "never takes a route of another project or environment",
    holds(({ moved, snapshot }) => {
      for (const { projectId, environmentId } of moved) {
        assert.strictEqual(projectId, snapshot.project?.id)
        assert.strictEqual(environmentId, snapshot.target?.environmentId)
      }
    })
  )

  it(
    "for a deploy never touches live routes or the live position while rolled back",
    holds(({ moved, snapshot, request, plan }) => {
      if (request.intent !== "deploy" || snapshot.project?.isRolledBack !== true) return
      assert.isNull(plan.live)
      for (const { sticky } of [...moved, ...plan.insert]) assert.notStrictEqual(sticky, "live")
    })
  )

  it(
    "for a deploy never takes from a newer deployment",
    holds(({ moved, snapshot: { live: current, target }, request, plan }) => {
      if (request.intent !== "deploy" || target === null) return
      if (current !== null && isNewer(current, target)) assert.isNull(plan.live)
      for (const { deployment: holder, sticky } of moved)
        assert.isFalse(sticky !== "live" && holder !== null && isNewer(holder, target))
    })
  )

  it(
    "plans nothing new when it is decided again after it was written, and answers the same",
    holds(({ snapshot, request, plan }) => {
      const again = decideSwap(applied(snapshot, plan), request)
      assert.deepStrictEqual(again, { insert: [], reassign: [], live: null, answer: plan.answer })
    })
  )

  it(
    "leaves exactly one deployment live, with every live route of its environment",
    holds(({ snapshot, plan }) => {
      if (plan.answer._tag !== "Swapped" || !plan.answer.live) return
      const { project, target, routes } = applied(snapshot, plan)
      assert.strictEqual(project?.liveDeploymentId, target?.id)
      const followers = routes.filter(
        ({ sticky, projectId, environmentId }) =>
          sticky === "live" && projectId === target?.projectId && environmentId === target.environmentId
      )
      for (const { deployment: holder } of followers) assert.strictEqual(holder?.id, target?.id)
    })
  )

  it(
    "writes nothing unless it answers that it swapped",
    holds(({ plan }) => {
      if (plan.answer._tag === "Swapped") return
      assert.deepInclude(plan, { insert: [], reassign: [], live: null })
    })
  )

  it(
    "never inserts a name that exists",
    holds(({ snapshot, plan }) => {
      const taken = snapshot.routes.map(({ fqdn }) => fqdn)
      for (const { fqdn } of plan.insert) assert.notInclude(taken, fqdn)
    })
  )
})
