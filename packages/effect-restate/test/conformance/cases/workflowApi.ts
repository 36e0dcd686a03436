import { assert, describe } from "@effect/vitest"
import { Effect, Option } from "effect"
import { RestateClient } from "../../../../../test/support/stack/Restate.ts"
import { Ingress } from "../../../src/ingress.ts"
import { call, eventually, freshKey, type It } from "../Caller.ts"
import { BlockAndWaitWorkflow } from "../services/BlockAndWaitWorkflow.ts"

export const workflowApi = (it: It) =>
  describe.concurrent("WorkflowAPI", () => {
    it.effect("setAndResolve: a workflow waits for its promise, and runs once", () =>
      Effect.gen(function* () {
        const { ingress: url } = yield* RestateClient
        const client = yield* Effect.provide(Ingress, Ingress.layer({ url }))
        const workflowId = yield* freshKey
        const run = client.send(BlockAndWaitWorkflow, workflowId, "run", "Francesco")
        const output = Effect.map(client.output(BlockAndWaitWorkflow, "run", { workflowId }), Option.getOrUndefined)

        const first = yield* run
        assert.strictEqual(first.status, "Accepted")
        yield* eventually(
          Effect.map(call(`BlockAndWaitWorkflow/${workflowId}/getState`), (told) =>
            assert.strictEqual(told, "Francesco")
          )
        )
        yield* call(`BlockAndWaitWorkflow/${workflowId}/unblock`, "Till")
        assert.strictEqual(yield* client.attach(BlockAndWaitWorkflow, "run", { workflowId }), "Till")
        assert.strictEqual(yield* output, "Till")

        const second = yield* run
        assert.deepStrictEqual(second, { status: "PreviouslyAccepted", invocationId: first.invocationId })
        assert.strictEqual(yield* output, "Till")
      })
    )
  })
