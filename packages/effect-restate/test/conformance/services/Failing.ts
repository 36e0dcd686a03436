import { Effect, Schema } from "effect"
import { Contract, call, implement, step, uuid } from "../../../src/index.ts"
import { asTerminal, Terminal } from "./Terminal.ts"

const FailureToPropagate = Schema.Struct({
  errorMessage: Schema.String,
  metadata: Schema.optional(Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.String })))
})

export const Failing = Contract.object("Failing", {
  terminallyFailingCall: { input: FailureToPropagate, error: Terminal },
  callTerminallyFailingCall: { input: FailureToPropagate, output: Schema.String, error: Terminal },
  failingCallWithEventualSuccess: { output: Schema.Number },
  terminallyFailingSideEffect: { input: FailureToPropagate, error: Terminal },
  sideEffectSucceedsAfterGivenAttempts: { input: Schema.Number, output: Schema.Number },
  sideEffectFailsAfterGivenAttempts: { input: Schema.Number, output: Schema.Number, error: Terminal }
})

/** The same handler as a caller sees it that knows none of its failures. */
const Foreign = Contract.object("Failing", { terminallyFailingCall: { input: FailureToPropagate } })

const terminal = ({ errorMessage, metadata }: typeof FailureToPropagate.Type) =>
  new Terminal({ reason: errorMessage, ...(metadata ? { metadata } : {}) })

/** How often bodies ran in this process, which is what the suite asks for. */
const attempts = { calls: 0, successes: 0, failures: 0 }

/** Fails until it was tried this often, and answers how often that was. */
const succeedsAt = (counter: "calls" | "successes", wanted: number) =>
  Effect.suspend(() => {
    attempts[counter] += 1
    const made = attempts[counter]
    if (made < wanted) return Effect.dieMessage(`failed at attempt ${made}`)
    attempts[counter] = 0
    return Effect.succeed(made)
  })

export const FailingLive = implement(
  Failing,
  {
    terminallyFailingCall: (failure) => terminal(failure),
    callTerminallyFailingCall: (failure) =>
      Effect.gen(function* () {
        yield* call(Foreign, yield* uuid, "terminallyFailingCall", failure).pipe(
          Effect.catchTag("CallFailed", asTerminal)
        )
        return yield* Effect.dieMessage("the callee did not fail")
      }),
    failingCallWithEventualSuccess: () => succeedsAt("calls", 4),
    terminallyFailingSideEffect: (failure) => step("fail", terminal(failure), { error: Terminal }),
    sideEffectSucceedsAfterGivenAttempts: (minimumAttempts) =>
      step("succeed in the end", succeedsAt("successes", minimumAttempts), { output: Schema.Number }),
    sideEffectFailsAfterGivenAttempts: (maxAttempts) => {
      const failing = Effect.suspend(() => {
        attempts.failures += 1
        return Effect.dieMessage(`failed at attempt ${attempts.failures}`)
      })
      const retry = { maxAttempts, initialInterval: "10 millis", factor: 1 } as const
      return step("fail always", failing, { retry }).pipe(
        Effect.zipRight(new Terminal({ reason: "the step was to fail" })),
        Effect.catchTag("StepFailed", () => Effect.sync(() => attempts.failures))
      )
    }
  },
  { retry: { initialInterval: "10 millis", factor: 1 } }
)
