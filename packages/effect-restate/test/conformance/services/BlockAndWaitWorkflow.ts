import { Effect, Option, Schema } from "effect"
import { Contract, durablePromise, implement, PromiseAlreadyCompleted, stateCell } from "../../../src/index.ts"
import { Terminal } from "./Terminal.ts"

export const BlockAndWaitWorkflow = Contract.workflow("BlockAndWaitWorkflow", {
  run: { input: Schema.String, output: Schema.String, error: Terminal },
  unblock: { input: Schema.String, error: PromiseAlreadyCompleted },
  getState: { output: Schema.NullOr(Schema.String) }
})

const given = stateCell("input", Schema.String)
const unblocked = durablePromise("p", Schema.String)

export const BlockAndWaitWorkflowLive = implement(BlockAndWaitWorkflow, {
  run: (input) =>
    Effect.gen(function* () {
      yield* given.set(input)
      const output = yield* unblocked.get
      if (Option.isNone(yield* unblocked.peek))
        return yield* new Terminal({ reason: "a promise that was awaited has no value" })
      return output
    }),
  unblock: (output) => unblocked.resolve(output),
  getState: () => Effect.map(given.get, Option.getOrNull)
})
