import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { WorkflowHandler } from "../fixtures/workflows.ts"
import { freshKey, Host, recorded, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

const approved = "approved at 1970-01-01T00:00:00.000Z"

const callWorkflow = (key: string, handler: WorkflowHandler, input?: unknown) =>
  Effect.flatMap(Host, ({ beside }) => beside.call({ service: "Workflow", key, handler }, input))

const sendRun = (key: string) =>
  Effect.flatMap(Host, ({ beside }) => beside.send({ service: "Workflow", key, handler: "run" }))

export const workflowGuarantees = (it: It): void => {
  it.effect("a workflow runs once per id: a second call is refused with 409, a second message joins the first", () =>
    Effect.gen(function* () {
      const { attach } = yield* Host
      const id = yield* freshKey
      const first = yield* sendRun(id)
      assert.strictEqual(yield* sendRun(id), first)
      const refused = yield* callWorkflow(id, "run")
      assert.deepStrictEqual([refused.status, refused.body], [409, "the workflow method was already invoked"])
      yield* callWorkflow(id, "approve")
      assert.strictEqual((yield* attach(first)).body, approved)
      assert.strictEqual((yield* callWorkflow(id, "run")).status, 409)
      assert.deepStrictEqual(yield* recorded(id), ["asked"])
    })
  )

  it.effect("shared handlers of a workflow read its state and promises while it runs, and after", () =>
    Effect.gen(function* () {
      const { attach, until } = yield* Host
      const id = yield* freshKey
      assert.deepStrictEqual((yield* callWorkflow(id, "status")).body, { phase: null, decided: false })
      const run = yield* sendRun(id)
      // A body may run before the server has stored what the attempt appended before it.
      yield* untilNoted(id, "asked")
      const status = Effect.map(callWorkflow(id, "status"), ({ body }) => JSON.stringify(body))
      const waiting = JSON.stringify({ phase: "waiting", decided: false })
      yield* until(
        "the state of a workflow that waits",
        Effect.map(status, (told) => told === waiting)
      )
      yield* callWorkflow(id, "approve")
      yield* attach(run)
      assert.deepStrictEqual((yield* callWorkflow(id, "status")).body, { phase: "decided", decided: true })
    })
  )

  it.effect("a durable promise is completed once, also before anything waits for it, and all who wait are told", () =>
    Effect.gen(function* () {
      const id = yield* freshKey
      assert.strictEqual((yield* callWorkflow(id, "approve")).status, 200)
      for (const again of ["approve", "refuse"] as const) {
        const second = yield* callWorkflow(id, again)
        assert.deepStrictEqual([second.status, second.body], [409, "promise verdict was already completed"])
      }
      assert.strictEqual((yield* callWorkflow(id, "outcome")).body, approved)
      assert.strictEqual((yield* callWorkflow(id, "run")).body, approved)
    })
  )

  it.effect("a durable promise that is rejected fails those who wait for it with the reason", () =>
    Effect.gen(function* () {
      const { attach } = yield* Host
      const id = yield* freshKey
      const run = yield* sendRun(id)
      yield* untilNoted(id, "asked")
      yield* callWorkflow(id, "refuse")
      assert.strictEqual((yield* attach(run)).body, "refused: too late")
      assert.strictEqual((yield* callWorkflow(id, "outcome")).body, "refused: too late")
      assert.deepStrictEqual((yield* callWorkflow(id, "status")).body, { phase: "decided", decided: true })
    })
  )

  it.effect("a handler sends to a workflow and calls it under its id, once", () =>
    Effect.gen(function* () {
      const id = yield* freshKey
      const answer = yield* callWorkflow(id, "startsAnother", `${id}-other`)
      assert.deepStrictEqual(answer.body, [id, "true", "409 the workflow method was already invoked"])
      yield* callWorkflow(`${id}-other`, "approve")
    })
  )
}
