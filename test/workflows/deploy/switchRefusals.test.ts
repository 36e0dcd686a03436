import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { namesOf, seedProject } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { on } from "../../support/workflows/ControlPlane.ts"
import { submitPromote, submitRollback } from "../../support/workflows/commands.ts"
import { answerOf, timed, traffic } from "../../support/workflows/queries.ts"
import { observe } from "../../support/workflows/scenario.ts"
import { pending, seedReady, withTwo } from "../../support/workflows/seeds.ts"

describe("a refusal", () => {
  const promotions = [
    { why: "unknown", target: "d_none", code: 404, message: "deployment d_none does not exist" },
    { why: "live", target: "d_1", code: 400, message: "cannot promote deployment d_1: it is already live" },
    { why: "not ready", target: "d_new", code: 400, message: "cannot promote deployment d_new: it is not ready" },
    {
      why: "of a project without a live deployment",
      target: "d_bank",
      code: 400,
      message: "cannot promote deployment d_bank: the project has no live deployment"
    },
    {
      why: "of a project that is gone",
      target: "d_lost",
      code: 404,
      message: "project proj_none does not exist"
    }
  ]
  for (const { why, target, code, message } of promotions)
    it.effect(`[W13] answers a promotion of a deployment that is ${why} with ${code} at once and writes nothing`, () =>
      Effect.gen(function* () {
        yield* everything
        const before = yield* observe
        const { answer, took } = yield* timed(Effect.flatMap(submitPromote(target), answerOf))
        assert.deepStrictEqual({ ...answer, took }, { code, message, took: 0 })
        assert.deepStrictEqual(yield* observe, before)
      }).pipe(on())
    )

  const cannot = (target: string, reason: string) => `cannot roll back to deployment ${target}: ${reason}`
  const rollbacks = [
    { from: "d_1", to: "d_1", code: 400, message: cannot("d_1", "source and target are the same deployment") },
    { from: "d_none", to: "d_2", code: 404, message: "deployment d_none does not exist" },
    { from: "d_1", to: "d_none", code: 404, message: "deployment d_none does not exist" },
    {
      from: "d_1",
      to: "d_preview",
      code: 400,
      message: cannot("d_preview", "it belongs to another environment than the live deployment")
    },
    { from: "d_2", to: "d_1", code: 400, message: cannot("d_1", "the source is not the live deployment") },
    { from: "d_1", to: "d_new", code: 400, message: cannot("d_new", "it is not ready") },
    {
      from: "d_bank",
      to: "d_bank_2",
      code: 400,
      message: cannot("d_bank_2", "the project has no live deployment")
    }
  ]
  for (const { from, to, code, message } of rollbacks)
    it.effect(`[W13] answers a rollback from ${from} to ${to} with ${code} at once and writes nothing`, () =>
      Effect.gen(function* () {
        yield* everything
        const before = yield* observe
        const { answer, took } = yield* timed(Effect.flatMap(submitRollback(from, to), answerOf))
        assert.deepStrictEqual({ ...answer, took }, { code, message, took: 0 })
        assert.deepStrictEqual(yield* observe, before)
      }).pipe(on())
    )

  it.effect("answers a promotion with 400 when no route would follow it", () =>
    Effect.gen(function* () {
      const world = yield* World
      yield* withTwo
      yield* world.update("frontline_routes", {}, { sticky: "none" })
      assert.deepStrictEqual(yield* Effect.flatMap(submitPromote("d_2"), answerOf), {
        code: 400,
        message: "cannot promote deployment d_2: its environment has no environment or live routes"
      })
      assert.strictEqual((yield* traffic()).live, "d_1")
    }).pipe(on())
  )
})

/** `d_1` live in the shop, `d_2` beside it, a preview, a pending one, a bank without anything live, and an orphan. */
const everything = Effect.gen(function* () {
  yield* withTwo
  yield* seedReady("shop", "d_preview", { version: 3, environment_id: namesOf("shop").previewId })
  yield* pending("d_new", 4)
  yield* seedProject("bank")
  yield* seedReady("bank", "d_bank", { version: 5 })
  yield* seedReady("bank", "d_bank_2", { version: 6 })
  yield* seedReady("shop", "d_lost", { version: 7, project_id: "proj_none" })
})
