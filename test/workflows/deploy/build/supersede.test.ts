import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { namesOf } from "../../../support/memory/seeds.ts"
import { building, buildsOf, fromGit, slotsInUse } from "../../../support/workflows/builds.ts"
import { ControlPlane, on } from "../../../support/workflows/ControlPlane.ts"
import { submitFromGit } from "../../../support/workflows/commands.ts"
import { answerOf, deploymentRow, stepsOf } from "../../../support/workflows/queries.ts"
import { shop } from "../../../support/workflows/seeds.ts"

/** Deploys in this order, half a second apart. */
const submitAll = (...ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const submitted = yield* submitFromGit(id)
      yield* engine.advance("500 millis")
      return submitted
    })
  )

describe("a newer commit of a branch", () => {
  it.effect("supersedes older ones that still wait, at once, and never the one that builds", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shop
      for (const nth of [1, 2, 3, 4]) yield* fromGit(`d_${nth}`, nth, "main")
      const [, second, third] = yield* submitAll("d_1", "d_2", "d_3", "d_4")
      assert.deepStrictEqual(yield* stepsOf("d_2"), { queued: "superseded by d_3" })
      assert.deepStrictEqual(yield* stepsOf("d_3"), { queued: "superseded by d_4" })
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "building" })
      yield* engine.drain
      assert.deepStrictEqual(
        yield* Effect.forEach(["d_1", "d_2", "d_3", "d_4"], (id) =>
          Effect.map(deploymentRow(id), ({ status }) => status)
        ),
        ["ready", "failed", "failed", "ready"]
      )
      if (second === undefined || third === undefined) return assert.fail("submitted")
      assert.deepStrictEqual(yield* answerOf(second), {
        code: 500,
        message: "deployment d_2 failed while queued: superseded by d_3"
      })
      assert.deepStrictEqual(yield* buildsOf("d_1", "d_2", "d_3", "d_4"), [
        { id: "d_1", runs: 1, status: "success" },
        { id: "d_2", runs: 0, status: "failure" },
        { id: "d_3", runs: 0, status: "failure" },
        { id: "d_4", runs: 1, status: "success" }
      ])
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on(building))
  )

  it.effect("[W49] wins also when the older one arrives late", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shop
      for (const nth of [1, 2, 3]) yield* fromGit(`d_${nth}`, nth, "main")
      yield* submitAll("d_3", "d_1", "d_2")
      assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: "superseded by d_3" })
      assert.deepStrictEqual(yield* stepsOf("d_2"), { queued: "superseded by d_3" })
      yield* engine.drain
      assert.deepInclude(yield* deploymentRow("d_3"), { status: "ready" })
    }).pipe(on(building))
  )

  it.effect("leaves other branches, other environments and deployments without a branch alone", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shop
      yield* fromGit("d_1", 1, "blocker")
      yield* fromGit("d_2", 2, "main")
      yield* fromGit("d_3", 3, "main", { environment_id: namesOf("shop").previewId })
      yield* fromGit("d_4", 4, "other")
      yield* fromGit("d_5", 5, "", { git_branch: null })
      yield* fromGit("d_6", 6, "", { git_branch: null })
      yield* submitAll("d_1", "d_2", "d_3", "d_4", "d_5", "d_6")
      yield* engine.drain
      for (const nth of [1, 2, 3, 4, 5, 6])
        assert.deepInclude(yield* deploymentRow(`d_${nth}`), { status: "ready" }, `d_${nth}`)
    }).pipe(on(building))
  )
})
