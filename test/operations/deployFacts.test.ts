import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema, TestClock } from "effect"
import { deployLines } from "../../src/cli/deployReport.ts"
import { BuildSlots } from "../../src/operations/build/BuildSlots.ts"
import { DeployFacts, deployFacts } from "../../src/operations/deploy/DeployFacts.ts"
import { type DeploymentDetails, DeploymentRecords } from "../../src/operations/deploy/DeploymentRecords.ts"
import { type DeployWait, decideDeployWait, deployWait } from "../../src/operations/deploy/decideDeployWait.ts"
import { type InvocationDetail, InvocationDetails } from "../../src/operations/InvocationDetails.ts"
import { type Source, SourceUnavailable } from "../../src/operations/SourceUnavailable.ts"
import { emptyQueue, type SlotQueue } from "../../src/services/builds/SlotQueue.ts"
import { deployment, invocation, now, waiting } from "./facts.ts"

const away = (source: Source) => new SourceUnavailable({ source, reason: "unreachable" })

interface Sources {
  readonly stored: Effect.Effect<Option.Option<DeploymentDetails>, SourceUnavailable>
  readonly invocations: ReadonlyArray<InvocationDetail>
  readonly isRestateAway?: boolean
  readonly queue?: SlotQueue
}

const sources = ({ invocations, isRestateAway = false, queue = emptyQueue, stored }: Sources) => {
  const ids = invocations.map(({ id }) => id)
  return Layer.mergeAll(
    Layer.succeed(BuildSlots, { queueOf: () => Effect.succeed(queue) }),
    Layer.succeed(DeploymentRecords, { find: () => stored }),
    Layer.succeed(InvocationDetails, {
      of: (id) => Effect.succeed(Option.fromNullable(invocations.find((one) => one.id === id))),
      withInput: () => (isRestateAway ? away("restate") : Effect.succeed(ids)),
      ofKeys: () => Effect.succeed(ids)
    })
  )
}

const details: DeploymentDetails = { deployment, phases: waiting.phases, regions: waiting.regions }
const known = Effect.succeed(Option.some(details))
const read = (given: Sources) =>
  Effect.zipRight(TestClock.setTime(now), Effect.provide(deployFacts(deployment.id), sources(given)))

describe("the facts of a deployment", () => {
  it.effect("join the row with its invocation", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read({ stored: known, invocations: [invocation] }), waiting)
    })
  )

  it.effect("hold its place in the queue of build slots while it waits for one, production before previews", () =>
    Effect.gen(function* () {
      const ticket = (deploymentId: string, more: Partial<SlotQueue["tickets"][number]> = {}) => ({
        deploymentId,
        buildId: `bld-${deploymentId}`,
        isProduction: false,
        createdAt: now,
        line: "",
        bells: [],
        state: "waiting" as const,
        leaseEnds: now + 60_000,
        ...more
      })
      const queue = {
        tickets: [
          ticket("d_holder", { state: "building" }),
          ticket(deployment.id, { createdAt: now + 1 }),
          ticket("d_older"),
          ticket("d_production", { isProduction: true, createdAt: now + 2 }),
          ticket("d_younger", { createdAt: now + 3 })
        ],
        sweepAt: null
      }
      const phases = [{ step: "queued", startedAt: now, endedAt: null, error: null }]
      const stored = Effect.succeed(Option.some({ ...details, phases }))
      const { slot, waitsFor } = yield* read({ stored, invocations: [{ ...invocation, waitsFor: null }], queue })
      assert.deepStrictEqual(slot, {
        state: "waiting",
        position: 3,
        waiting: 4,
        leaseEnds: now + 60_000,
        holders: [{ deploymentId: "d_holder", buildId: "bld-d_holder", leaseEnds: now + 60_000 }]
      })
      assert.strictEqual(waitsFor?.reason, "build slot")
      // A deploy beyond its build has no place.
      assert.isNull((yield* read({ stored: known, invocations: [invocation], queue })).slot)
    })
  )

  it.effect("are shown of a row with any times", () =>
    Effect.gen(function* () {
      for (const time of [2 ** 63, -(2 ** 63)]) {
        const row = { ...deployment, createdAt: time, updatedAt: time }
        const phases = waiting.phases.map((phase) => ({ ...phase, startedAt: time }))
        const facts = yield* read({
          stored: Effect.succeed(Option.some({ ...details, deployment: row, phases })),
          invocations: []
        })
        assert.isAbove(deployLines(facts).length, 2)
        assert.include(
          JSON.stringify(yield* Schema.encode(DeployFacts)(facts)),
          time > 0 ? "+275760-09-13" : "-271821-04-20"
        )
      }
    })
  )

  it.effect("name the source that is missing, and hold the rest", () =>
    Effect.gen(function* () {
      const noRestate = yield* read({ stored: known, invocations: [], isRestateAway: true })
      assert.deepStrictEqual(noRestate.missing, [{ source: "restate", reason: "unreachable" }])
      assert.deepStrictEqual(noRestate.waitsFor, waiting.waitsFor)
      const noDatabase = yield* read({ stored: away("database"), invocations: [invocation] })
      assert.deepStrictEqual(noDatabase.missing, [{ source: "database", reason: "unreachable" }])
      assert.deepStrictEqual(noDatabase.invocation, invocation)
      assert.deepStrictEqual(noDatabase.commands, waiting.commands)
    })
  )

  it.effect("a source that does not answer within ten seconds is missing", () =>
    Effect.gen(function* () {
      const stuck = yield* Effect.fork(read({ stored: Effect.never, invocations: [invocation] }))
      yield* Effect.yieldNow()
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual((yield* stuck).missing, [{ source: "database", reason: "no answer within 10s" }])
    })
  )

  it.effect("an unknown id is an error, which says what could not be asked", () =>
    Effect.gen(function* () {
      const unknown = yield* Effect.flip(read({ stored: Effect.succeedNone, invocations: [invocation] }))
      assert.strictEqual(unknown.message, "there is no deployment d_W1sxMKKS")
      const unsure = yield* Effect.flip(read({ stored: away("database"), invocations: [] }))
      assert.include(unsure.message, "not everything could be asked: database: unreachable")
    })
  )

  it.effect("a paused deploy can be resumed or cancelled, and one that has not started or is completed neither", () =>
    Effect.gen(function* () {
      const paused = yield* read({ stored: known, invocations: [{ ...invocation, status: "paused" }] })
      assert.deepStrictEqual(
        paused.commands.map(({ line }) => line),
        [`control-plane-worker resume ${invocation.id}`, `control-plane-worker cancel ${invocation.id}`]
      )
      const scheduled = { ...invocation, status: "scheduled", startedAt: null }
      assert.deepStrictEqual((yield* read({ stored: known, invocations: [scheduled] })).commands, [])
      const over = yield* read({ stored: known, invocations: [{ ...invocation, status: "completed" }] })
      assert.deepStrictEqual(over.commands, [])
      assert.strictEqual(over.waitsFor?.reason, "no invocation")
    })
  )
})

describe("what a deploy waits for", () => {
  const at = (step: string, more: Partial<InvocationDetail> = {}) => ({
    deployment,
    phases: [{ step, startedAt: now, endedAt: null, error: null }],
    regions: waiting.regions,
    invocation: { ...invocation, ...more },
    isRestateMissing: false
  })
  const minutes = (count: number) => now + count * 60_000
  const cases: ReadonlyArray<readonly [string, Parameters<typeof decideDeployWait>[0], DeployWait | null]> = [
    ["a queued build", at("queued", { lastStep: null }), deployWait("build slot", minutes(120))],
    ["a build", at("building", { lastStep: "check-build" }), deployWait("build")],
    ["instances", at("deploying"), deployWait("instances", minutes(15))],
    ["a sentinel", at("deploying", { lastStep: "check-sentinel" }), deployWait("sentinel", minutes(18))],
    ["routes", at("network", { lastStep: "enter-network" }), deployWait("routes")],
    ["an operator", at("deploying", { status: "paused" }), deployWait("operator")],
    [
      "the next try",
      at("deploying", { status: "backing-off", nextRetryAt: minutes(1) }),
      deployWait("retry", minutes(1))
    ],
    ["nothing, once it is ready", { ...at("network"), deployment: { ...deployment, status: "ready" } }, null],
    ["nothing, once it has failed", { ...at("network"), deployment: { ...deployment, status: "failed" } }, null],
    ["nothing, without an invocation", { ...at("queued"), invocation: null }, deployWait("no invocation")]
  ]
  for (const [name, input, expected] of cases) it(name, () => assert.deepStrictEqual(decideDeployWait(input), expected))
})
