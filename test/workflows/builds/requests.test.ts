import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { BuildSlotService } from "../../../src/contract/BuildSlotService.ts"
import { CommitStatusService } from "../../../src/contract/CommitStatusService.ts"
import { building, slotsInUse } from "../../support/workflows/builds.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { releaseSlot, renewSlot, reportStatus, requestSlot } from "../../support/workflows/commands.ts"
import { answerOf, timed } from "../../support/workflows/queries.ts"

const poison = [
  "",
  "null",
  "[]",
  "{",
  '{"deploymentId":"","buildId":""}',
  '{"deploymentId":7,"buildId":{}}',
  `{"deploymentId":"${"d".repeat(129)}","buildId":"b","bell":"x"}`,
  JSON.stringify({ deploymentId: "d", buildId: "b".repeat(64), bell: "x", createdAt: "soon" }),
  JSON.stringify({ repository: "acme/shop", sha: "a", state: "exploded" }),
  JSON.stringify({ padding: "x".repeat(1024 * 1024) })
]

const handlers = [
  { service: BuildSlotService.name, handler: "Request" },
  { service: BuildSlotService.name, handler: "Renew" },
  { service: BuildSlotService.name, handler: "Release" },
  { service: BuildSlotService.name, handler: "Reclaim" },
  { service: BuildSlotService.name, handler: "Reclaimed" },
  { service: CommitStatusService.name, handler: "Report" }
]

/** As a deployment of the longest branch name asks. */
const askedFor = (nth: number) => ({
  deploymentId: `d_${String(nth).padStart(14, "0")}`,
  buildId: `bld-${String(nth).padStart(24, "0")}`,
  isProduction: false,
  createdAt: nth,
  line: `env_${"x".repeat(12)} ${String(nth).padStart(255, "b")}`,
  bell: `sign_1${"A".repeat(38)}`
})

describe("a member of a workspace who pushes 800 branches", () => {
  it.effect("is refused at some point, and the build that runs, production and the sweep go on", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const requests = Array.from({ length: 800 }, (_, nth) => askedFor(nth))
      const answers = yield* Effect.forEach(requests, (request) => Effect.flatten(requestSlot("ws_shop", request)))
      const refused = answers.filter(({ outcome }) => outcome === "refused").length
      assert.isAbove(refused, 100)
      assert.isBelow(refused, 300)
      const runs = askedFor(0)
      assert.isTrue((yield* Effect.flatten(renewSlot("ws_shop", runs))).held)
      const production = { ...askedFor(2000), isProduction: true }
      assert.strictEqual((yield* Effect.flatten(requestSlot("ws_shop", production))).outcome, "waiting")
      yield* releaseSlot("ws_shop", runs)
      assert.strictEqual((yield* Effect.flatten(requestSlot("ws_shop", production))).outcome, "granted")
      yield* engine.advance("1 day")
      assert.deepStrictEqual(
        engine.invocations.filter(({ status }) => status !== "completed"),
        []
      )
    }).pipe(on({ ...building, builds: { maxPerWorkspace: 1 } }))
  )
})

const holder = { deploymentId: "d_1", buildId: "bld-1" }
const report = { repository: "acme/shop", sha: "a", environment: "", description: "", installationId: 0n }

describe("a message that is not one", () => {
  for (const { handler, service } of handlers)
    it.effect(`is refused by ${handler} with 400 at once, and the key works at once after`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        for (const body of poison) {
          const target = { service, key: "ws_shop", handler }
          const { answer, took } = yield* timed(answerOf(engine.request(target, new TextEncoder().encode(body))))
          assert.strictEqual(answer.code, 400, body.slice(0, 80))
          assert.strictEqual(took, 0)
        }
        assert.deepStrictEqual(yield* slotsInUse(), {})
        yield* requestSlot("ws_shop", { ...holder, isProduction: false, createdAt: 1, line: "", bell: "b" })
        assert.deepInclude(yield* renewSlot("ws_shop", holder), { _tag: "Right" })
        yield* releaseSlot("ws_shop", holder)
        assert.deepStrictEqual(yield* slotsInUse(), {})
        assert.deepInclude(yield* reportStatus("ws_shop", { ...report, state: "pending" }), { _tag: "Right" })
      }).pipe(on(building))
    )
})
