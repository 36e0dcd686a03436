import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { checkDependencies, type Dependency, DependencyFailed } from "../../src/operations/dependencies.ts"

const within = Duration.seconds(15)

const checked = (name: string, probe: Effect.Effect<string, DependencyFailed>): Dependency => ({
  name,
  _tag: "Checked",
  probe
})

describe("a check of dependencies", () => {
  it.effect("gives each the same time, ends with it, and reports in the order given", () =>
    Effect.gen(function* () {
      const checking = yield* Effect.fork(
        checkDependencies(
          [
            checked("silent", Effect.uninterruptible(Effect.never)),
            checked("slow", Effect.as(Effect.sleep("14 seconds"), "there")),
            { name: "absent", _tag: "NotConfigured" },
            { name: "told", _tag: "NotCalled" }
          ],
          within
        )
      )
      yield* TestClock.adjust("15 seconds")
      const reports = yield* Fiber.join(checking)
      assert.deepStrictEqual(
        reports.map(({ detail, latencyMillis, name, status }) => [name, status, latencyMillis, detail]),
        [
          ["silent", "failed", 15_000, "no answer within 15s"],
          ["slow", "ok", 14_000, "there"],
          ["absent", "not configured", null, ""],
          ["told", "configured", null, "is not called by a check"]
        ]
      )
    })
  )

  it.effect("tells why one failed and what to do, and asks the others all the same", () =>
    Effect.gen(function* () {
      const failure = new DependencyFailed({ reason: "denied", advice: "Check the token" })
      const [one, other] = yield* checkDependencies(
        [checked("one", failure), checked("other", Effect.succeed("fine"))],
        within
      )
      assert.deepInclude(one, { status: "failed", detail: "denied", advice: "Check the token" })
      assert.deepInclude(other, { status: "ok", detail: "fine" })
    })
  )

  it.effect("does not show the text of a defect, which may hold secrets", () =>
    Effect.gen(function* () {
      const reports = yield* checkDependencies([checked("one", Effect.die(new Error("password hunter2")))], within)
      assert.strictEqual(reports[0]?.status, "failed")
      assert.notInclude(JSON.stringify(reports), "hunter2")
    })
  )

  it.effect("asks at most ten at once", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const counted = Effect.acquireUseRelease(
        Effect.sync(() => {
          most = Math.max(most, ++running)
        }),
        () => Effect.as(Effect.yieldNow(), ""),
        () => Effect.sync(() => running--)
      )
      yield* checkDependencies(
        Array.from({ length: 40 }, (_, index) => checked(`d${index}`, counted)),
        within
      )
      assert.strictEqual(most, 10)
    })
  )
})
