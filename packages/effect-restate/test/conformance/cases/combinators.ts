import { assert, describe } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { attach, call, eventually, failingCall, freshKey, type It, send } from "../Caller.ts"
import { awaitSome, createAwakeable, createSignal, interpret, runReturns, runThrows, sleep } from "./commands.ts"
import { rejectSignal, resolveSignal } from "./signals.ts"

const interpreter = (key: string, handler: string) => `VirtualObjectCommandInterpreter/${key}/${handler}`

const interpreted = (...commands: ReadonlyArray<unknown>) =>
  Effect.flatMap(freshKey, (key) => call(interpreter(key, "interpretCommands"), interpret(...commands)))

/** Awaits what others complete under the id of the invocation, which `complete` is given. */
const completed = <R>(command: unknown, complete: (id: string) => ReadonlyArray<Effect.Effect<unknown, never, R>>) =>
  Effect.gen(function* () {
    const id = yield* send(interpreter(yield* freshKey, "interpretCommands"), interpret(command))
    yield* Effect.all(complete(id), { discard: true })
    return yield* attach(id)
  })

const signals = [createSignal("sig0"), createSignal("sig1"), createSignal("sig2")]

const awakeableCases = (it: It): void => {
  it.effect("awakeableOrTimeoutUsingAwaitAny: a sleep ends before an awakeable that is never completed", () =>
    Effect.map(interpreted(awaitSome("awaitAny", createAwakeable("awk1"), sleep(100))), (answer) =>
      assert.strictEqual(answer, "sleep")
    )
  )

  it.effect("awakeableOrTimeoutUsingAwakeableTimeoutCommand: the timeout is a terminal error", () =>
    Effect.gen(function* () {
      const command = { type: "awaitAwakeableOrTimeout", awakeableKey: "should-timeout-awk", timeoutMillis: 100 }
      const { message } = yield* failingCall(interpreter(yield* freshKey, "interpretCommands"), interpret(command))
      assert.include(message, "await-timeout")
    })
  )

  it.effect("firstSuccessfulCompletedAwakeable: steps that fail and a rejection do not decide, a value does", () =>
    Effect.gen(function* () {
      const key = yield* freshKey
      const waits = ["0", "1", "2"].flatMap((n) => [createAwakeable(`awk${n}`), runThrows(`run${n}`)])
      const result = yield* Effect.fork(
        call(interpreter(key, "interpretCommands"), interpret(awaitSome("awaitAnySuccessful", ...waits)))
      )
      const has = (name: string) =>
        Effect.map(call(interpreter(key, "hasAwakeable"), name), (known) => assert.strictEqual(known, true))
      yield* eventually(has("awk2"))
      yield* has("awk0")
      yield* has("awk1")
      yield* call(interpreter(key, "rejectAwakeable"), { awakeableKey: "awk2", reason: "fail" })
      yield* call(interpreter(key, "resolveAwakeable"), { awakeableKey: "awk1", value: "awk1-result" })
      assert.strictEqual(yield* Fiber.join(result), "awk1-result")
    })
  )
}

const signalCases = (it: It): void => {
  it.effect("signalFirstSuccessfulOrAllFailed: rejections do not decide, a value does", () =>
    Effect.gen(function* () {
      const answer = yield* completed(awaitSome("awaitAnySuccessful", ...signals), (id) => [
        rejectSignal(id, "sig0", "fail0"),
        rejectSignal(id, "sig2", "fail2"),
        resolveSignal(id, "sig1", "success1")
      ])
      assert.strictEqual(answer, "success1")
    })
  )

  it.effect("signalAllSuccessfulOrFirstFailed: all values, in the order of the commands", () =>
    Effect.gen(function* () {
      const answer = yield* completed(awaitSome("awaitAllSucceededOrFirstFailed", ...signals), (id) =>
        ["0", "1", "2"].map((n) => resolveSignal(id, `sig${n}`, `val${n}`))
      )
      assert.strictEqual(answer, "val0|val1|val2")
    })
  )

  it.effect("signalAllCompleted: values and rejections, in the order of the commands", () =>
    Effect.gen(function* () {
      const answer = yield* completed(awaitSome("awaitAllCompleted", ...signals), (id) => [
        resolveSignal(id, "sig0", "val0"),
        rejectSignal(id, "sig1", "err1"),
        resolveSignal(id, "sig2", "val2")
      ])
      assert.strictEqual(answer, "ok:val0|err:err1|ok:val2")
    })
  )

  it.effect("signalFirstCompleted: the one that is completed decides", () =>
    Effect.gen(function* () {
      const answer = yield* completed(awaitSome("awaitAny", ...signals), (id) => [resolveSignal(id, "sig1", "first")])
      assert.strictEqual(answer, "first")
    })
  )
}

const mixedCases = (it: It): void => {
  it.effect("mixedRunWinsRaceAgainstSignal: a step ends before a signal that is never sent", () =>
    Effect.map(interpreted(awaitSome("awaitFirstCompleted", createSignal("sig"), runReturns("runval"))), (answer) =>
      assert.strictEqual(answer, "runval")
    )
  )

  const resolved = (id: string) => [resolveSignal(id, "sig", "sigval")]

  it.effect("mixedSignalWinsAfterRunFails: a step that fails does not decide, a signal does", () =>
    Effect.gen(function* () {
      const command = awaitSome("awaitFirstSucceededOrAllFailed", runThrows("fail"), createSignal("sig"))
      assert.strictEqual(yield* completed(command, resolved), "sigval")
    })
  )

  it.effect("mixedAllSucceededRunAndSignal: both values, in the order of the commands", () =>
    Effect.gen(function* () {
      const command = awaitSome("awaitAllSucceededOrFirstFailed", runReturns("runval"), createSignal("sig"))
      assert.strictEqual(yield* completed(command, resolved), "runval|sigval")
    })
  )

  it.effect("mixedAllCompletedRunSignalAndFailedRun: values and a failure, in the order of the commands", () =>
    Effect.gen(function* () {
      const command = awaitSome("awaitAllCompleted", runReturns("runval"), createSignal("sig"), runThrows("fail"))
      assert.strictEqual(yield* completed(command, resolved), "ok:runval|ok:sigval|err:fail")
    })
  )
}

export const combinators = (it: It) =>
  describe.concurrent("Combinators", () => {
    awakeableCases(it)
    signalCases(it)
    mixedCases(it)
  })
