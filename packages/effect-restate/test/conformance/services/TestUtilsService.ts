import { Effect, Schema } from "effect"
import { Contract, cancel, implement, invocation, RawBytes, requestInfo, step } from "../../../src/index.ts"

const Text = { input: Schema.String, output: Schema.String }

export const TestUtilsService = Contract.service("TestUtilsService", {
  echo: Text,
  uppercaseEcho: Text,
  echoHeaders: { output: Schema.Record({ key: Schema.String, value: Schema.String }) },
  rawEcho: { input: RawBytes, output: RawBytes },
  countExecutedSideEffects: { input: Schema.Number, output: Schema.Number },
  cancelInvocation: { input: Schema.String },
  resolveSignal: {
    input: Schema.Struct({ invocationId: Schema.String, signalName: Schema.String, value: Schema.String })
  },
  rejectSignal: {
    input: Schema.Struct({ invocationId: Schema.String, signalName: Schema.String, reason: Schema.String })
  }
})

export const TestUtilsServiceLive = implement(TestUtilsService, {
  echo: (input) => Effect.succeed(input),
  uppercaseEcho: (input) => Effect.succeed(input.toUpperCase()),
  echoHeaders: () => Effect.map(requestInfo, ({ headers }) => Object.fromEntries(headers)),
  rawEcho: (input) => Effect.succeed(input),
  countExecutedSideEffects: (increments) =>
    Effect.suspend(() => {
      // Of this attempt: where every wait suspends, the last attempt runs no body.
      let executed = 0
      const count = Effect.sync(() => {
        executed += 1
      })
      return Effect.repeatN(step("count", count), increments - 1).pipe(Effect.map(() => executed))
    }),
  cancelInvocation: (id) => cancel(id),
  resolveSignal: ({ invocationId, signalName, value }) =>
    invocation(invocationId).signal(signalName, Schema.String, value),
  rejectSignal: ({ invocationId, reason, signalName }) => invocation(invocationId).rejectSignal(signalName, reason)
})
