import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import type { InstanceStatus } from "../../../src/services/deploy/Deployment.ts"
import {
  decideReadiness,
  healthOf,
  noReadinessHistory,
  observePoll,
  type Readiness,
  type ReadinessPoll,
  type RegionHealth,
  readinessPolicyOf
} from "../../../src/workflows/deploy/readiness.ts"

const region = (name: string, desiredReplicas: number, ...statuses: ReadonlyArray<InstanceStatus>): RegionHealth =>
  healthOf({
    region: name,
    desiredReplicas,
    instances: statuses.map((status, at) => ({ k8sName: `${name}-${at}`, status }))
  })

const at = (elapsed: number, ...regions: ReadonlyArray<RegionHealth>): ReadinessPoll => ({ elapsed, regions })

const policy = readinessPolicyOf(null, 180_000)

/** The decision after the last poll, as the waiting workflow would reach it. */
const afterPolls = (...polls: ReadonlyArray<ReadinessPoll>): Readiness => {
  let history = noReadinessHistory
  let decision: Readiness = { _tag: "Waiting" }
  for (const poll of polls) {
    history = observePoll(history, poll)
    decision = decideReadiness(history, poll, policy)
  }
  return decision
}

const waiting = { _tag: "Waiting" } as const
const ready = (running: ReadonlyArray<string>, slow: ReadonlyArray<string> = []) =>
  ({ _tag: "Ready", running, slow }) as const
const { deadline, slowRegionGrace, failureGrace } = policy
/** A poll every five seconds, the last one `elapsed` after the first. */
const until = (elapsed: number, ...regions: ReadonlyArray<RegionHealth>) =>
  Array.from({ length: elapsed / 5000 + 1 }, (_, poll) => at(poll * 5000, ...regions))

describe("waiting for instances", () => {
  it("is over as soon as every region runs as many instances as desired", () => {
    assert.deepStrictEqual(afterPolls(at(0, region("a", 2, "running", "running"), region("b", 1, "running"))), {
      ...ready(["a", "b"])
    })
    assert.deepStrictEqual(afterPolls(at(0, region("a", 2, "running", "pending"))), waiting)
    assert.deepStrictEqual(afterPolls(at(0, region("a", 1))), waiting)
  })

  it("is not held up by the left-over rows of instances that are gone", () => {
    assert.deepStrictEqual(afterPolls(at(0, region("a", 1, "inactive", "failed", "running"))), ready(["a"]))
  })

  it("ends with failure at 15 minutes when nothing runs, saying what was seen", () => {
    assert.deepStrictEqual(afterPolls(at(deadline - 1, region("a", 2, "running", "pending"))), waiting)
    assert.deepStrictEqual(afterPolls(at(deadline, region("a", 2, "running", "failed"), region("b", 1))), {
      _tag: "Failed",
      reason: "not ready after 15 minutes: a has 1 of 2 running, 1 failed; b has 0 of 1 running"
    })
  })

  it("ends with failure once a region has been failed for three minutes without a break, naming its instances", () => {
    const crashing = region("a", 2, "failed", "pending", "failed")
    assert.deepStrictEqual(afterPolls(...until(failureGrace - 5000, crashing)), waiting)
    assert.deepStrictEqual(afterPolls(...until(failureGrace, crashing)), {
      _tag: "Failed",
      reason: "no instance runs in a; failed: a-0, a-2"
    })
  })

  it("names a few of many failed instances", () => {
    const crashing = region("a", 5, "failed", "failed", "failed", "failed", "failed")
    assert.deepStrictEqual(afterPolls(...until(failureGrace, crashing)), {
      _tag: "Failed",
      reason: "no instance runs in a; failed: a-0, a-1, a-2 and 2 more"
    })
  })

  it("goes on for as long as the deployment's own health check allows a start to take", () => {
    const slow = readinessPolicyOf({ initialDelaySeconds: 120, intervalSeconds: 30, failureThreshold: 10 }, 180_000)
    assert.strictEqual(slow.failureGrace, 7 * 60_000)
    const quick = readinessPolicyOf({ initialDelaySeconds: 1, intervalSeconds: 1, failureThreshold: 1 }, 180_000)
    assert.strictEqual(quick.failureGrace, failureGrace)
    const endless = readinessPolicyOf({ initialDelaySeconds: 86_400, intervalSeconds: 1, failureThreshold: 1 }, 180_000)
    assert.strictEqual(endless.failureGrace, deadline)
  })

  it("does not give up on instances that run unready for 70 s, nor on a failure that passes", () => {
    const unready = region("a", 1, "failed")
    const recovered = region("a", 1, "pending")
    const polls = [...until(70_000, unready), at(75_000, recovered), at(80_000, unready), at(failureGrace, unready)]
    assert.deepStrictEqual(afterPolls(...polls), waiting)
    assert.deepStrictEqual(afterPolls(...polls, at(failureGrace + 1000, region("a", 1, "running"))), ready(["a"]))
  })

  it("does not give up on a region in which some instances run", () => {
    assert.deepStrictEqual(afterPolls(...until(failureGrace * 2, region("a", 2, "failed", "running"))), waiting)
  })

  it("ends with failure when one region fails entirely although another runs", () => {
    const decision = afterPolls(...until(failureGrace, region("a", 1, "running"), region("b", 1, "failed")))
    assert.deepStrictEqual(decision, { _tag: "Failed", reason: "no instance runs in b; failed: b-0" })
  })

  it("is not blocked by one slow region of several once the others have run for the grace period", () => {
    const regions = [region("a", 1, "running"), region("b", 1, "pending")]
    assert.deepStrictEqual(afterPolls(at(5000, ...regions), at(5000 + slowRegionGrace - 1, ...regions)), waiting)
    assert.deepStrictEqual(
      afterPolls(at(5000, ...regions), at(5000 + slowRegionGrace, ...regions)),
      ready(["a"], ["b"])
    )
  })

  it("starts the grace period anew when the region that ran stops running", () => {
    const [up, down, slow] = [region("a", 1, "running"), region("a", 1, "pending"), region("b", 1, "pending")]
    const polls = [at(0, up, slow), at(1000, down, slow), at(2000, up, slow), at(slowRegionGrace, up, slow)]
    assert.deepStrictEqual(afterPolls(...polls), waiting)
  })

  it("does not call a region slow while it looks failed", () => {
    const polls = [
      at(0, region("a", 1, "running"), region("b", 1, "pending")),
      at(slowRegionGrace, region("a", 1, "running"), region("b", 1, "failed"))
    ]
    assert.deepStrictEqual(afterPolls(...polls), waiting)
  })

  it("goes live at the deadline with the regions that run", () => {
    assert.deepStrictEqual(afterPolls(at(deadline, region("a", 1, "running"), region("b", 1))), ready(["a"], ["b"]))
  })
})

describe("the readiness rule", () => {
  const status = fc.constantFrom<InstanceStatus>("inactive", "pending", "running", "failed")
  const anyRegion = fc
    .record({
      name: fc.string(),
      desired: fc.integer({ min: 1, max: 4 }),
      statuses: fc.array(status, { maxLength: 5 })
    })
    .map(({ name, desired, statuses }) => region(name, desired, ...statuses))
  const regions = fc.uniqueArray(anyRegion, { maxLength: 4, selector: ({ region: name }) => name })
  const history = fc.record({
    failedSince: fc.array(fc.tuple(fc.string(), fc.nat(deadline))).map((since) => new Map(since)),
    runningSince: fc.option(fc.nat(deadline))
  })

  it("always ends at the deadline", () => {
    fc.assert(
      fc.property(history, regions, fc.nat(), (past, seen, late) => {
        const poll = at(deadline + late, ...seen)
        assert.notStrictEqual(decideReadiness(observePoll(past, poll), poll, policy)._tag, "Waiting")
      })
    )
  })

  it("never calls a deployment ready in a region that does not run as many instances as desired", () => {
    fc.assert(
      fc.property(history, regions, fc.nat(2 * deadline), (past, seen, elapsed) => {
        const poll = at(elapsed, ...seen)
        const decision = decideReadiness(observePoll(past, poll), poll, policy)
        if (decision._tag !== "Ready") return
        assert.isAbove(decision.running.length, 0)
        for (const { region: name, desiredReplicas, running } of seen) {
          assert.strictEqual(decision.running.includes(name), running >= desiredReplicas)
          assert.strictEqual(decision.slow.includes(name), running < desiredReplicas)
        }
      })
    )
  })

  it("never takes back ready when more instances run", () => {
    const oneMore = (seen: ReadonlyArray<RegionHealth>) =>
      seen.map((one) => ({
        ...one,
        running: one.running + 1,
        failed: Math.max(0, one.failed - 1),
        failedInstances: one.failedInstances.slice(0, Math.max(0, one.failed - 1))
      }))
    fc.assert(
      fc.property(history, regions, fc.nat(2 * deadline), (past, seen, elapsed) => {
        const verdictOf = (poll: ReadinessPoll) => decideReadiness(observePoll(past, poll), poll, policy)
        if (verdictOf(at(elapsed, ...seen))._tag !== "Ready") return
        assert.strictEqual(verdictOf(at(elapsed, ...oneMore(seen)))._tag, "Ready")
      }),
      { numRuns: 500 }
    )
  })
})
