import { assert, describe, it } from "@effect/vitest"
import { PauseError, RetryableError, TerminalError } from "@restatedev/restate-sdk"
import { Effect } from "effect"
import type { Body, Pending, Waiter, Wakeup } from "../src/attempt/Journal.ts"
import { journalOf } from "../src/attempt/journalOf.ts"
import { retryAfterMillis } from "../src/attempt/retryAfter.ts"
import { type Script, scriptedMachine } from "./fixtures/scriptedMachine.ts"

const text = {
  serialize: (value: string) => Buffer.from(value),
  deserialize: (bytes: Uint8Array) => String(Buffer.from(bytes))
}
const decode = text.deserialize
const bytes = (value: string) => ({ Success: Buffer.from(value) })

const waiting = (pending: Pending): Waiter => ({ pending, settle: () => {}, abort: () => {} })
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const scripted = (script: Script = {}, isExplicit = true) => {
  const machine = scriptedMachine(script)
  return { ...machine, journal: journalOf(machine.context, isExplicit) }
}

const completed = (waiter: Waiter, value: unknown): Wakeup => ({
  _tag: "Completed",
  waiter,
  completion: { ok: true, value }
})

describe("a journal on the state machine", () => {
  it.effect("answers a cancellation before what is ready with it", () =>
    Effect.promise(async () => {
      const { journal, notify } = scripted({ progress: ["AnyCompleted"] })
      const timer = waiting(journal.sleep(1, undefined))
      notify(100, "Empty")
      notify(1, "Empty")
      assert.deepStrictEqual(await journal.next(new Set([timer])), { _tag: "Cancelled" })
    })
  )

  it.effect("answers what is ready together in the order of the waiters", () =>
    Effect.promise(async () => {
      const { journal, notify } = scripted({ progress: ["AnyCompleted", "AnyCompleted"] })
      const [first, second] = [waiting(journal.sleep(1, undefined)), waiting(journal.get("cell", text))]
      notify(101, bytes("value"))
      notify(100, "Empty")
      assert.deepStrictEqual(await journal.next(new Set([second, first])), completed(second, "value"))
      assert.deepStrictEqual(await journal.next(new Set([first])), completed(first, undefined))
    })
  )

  it.effect("awaits a cancellation with everything but a read of state alone, which is answered at once", () =>
    Effect.promise(async () => {
      const { called, journal, notify } = scripted({ progress: ["AnyCompleted", "AnyCompleted"] })
      const [timer, cell] = [waiting(journal.sleep(1, undefined)), waiting(journal.get("cell", text))]
      notify(101, "Empty")
      notify(1, "Empty")
      assert.deepStrictEqual(await journal.next(new Set([cell])), completed(cell, null))
      assert.deepStrictEqual(await journal.next(new Set([timer])), { _tag: "Cancelled" })
      const cancellation = { FirstCompleted: [{ Single: 100 }, { Single: 1 }] }
      assert.deepStrictEqual(called("do_progress"), [[{ Single: 101 }], [cancellation]])
    })
  )

  it.effect("under implicit cancellation awaits none, and is told", () =>
    Effect.promise(async () => {
      const { called, journal } = scripted({ progress: ["CancelSignalReceived"] }, false)
      assert.deepStrictEqual(await journal.next(new Set([waiting(journal.sleep(1, undefined))])), { _tag: "Cancelled" })
      assert.deepStrictEqual(called("do_progress"), [[{ Single: 100 }]])
    })
  )

  it.effect("answers again what is awaited again", () =>
    Effect.promise(async () => {
      const { journal, notify } = scripted({ progress: ["AnyCompleted"] })
      const timer = waiting(journal.sleep(1, undefined))
      notify(100, "Empty")
      assert.deepStrictEqual(await journal.next(new Set([timer])), completed(timer, undefined))
      assert.deepStrictEqual(await journal.next(new Set([timer])), completed(timer, undefined))
    })
  )

  it.effect("replays a long journal in parts, between which the rest of the process goes on", () =>
    Effect.promise(async () => {
      const entries = 1_000
      const { journal, notify } = scripted({ progress: Array.from({ length: entries }, () => "AnyCompleted") })
      let turns = 0
      const count = (): void => {
        turns += 1
        immediate = setImmediate(count)
      }
      let immediate = setImmediate(count)
      for (let entry = 0; entry < entries; entry++) {
        const timer = waiting(journal.sleep(1, undefined))
        notify(100 + entry, "Empty")
        await journal.next(new Set([timer]))
      }
      clearImmediate(immediate)
      assert.isAtLeast(turns, 10)
    })
  )

  it.effect("starts the bodies of steps at once, and sends together what they answer together", () =>
    Effect.gen(function* () {
      const runs = [{ ExecuteRun: 100 }, { ExecuteRun: 101 }]
      const { calls, journal } = scripted({ progress: runs })
      const body: Body = (answer) => answer(Buffer.from("done"))
      const waiters = ["a", "b"].map((name) => waiting(journal.run(name, body, { decode })))
      void journal.next(new Set(waiters))
      yield* turn
      const names = calls.map(([name]) => name)
      assert.deepStrictEqual(names, ["do_progress", "success", "do_progress", "success", "do_progress", "flush"])
    })
  )

  it.effect("takes the first answer of a body, whenever it comes, and none after the end of the attempt", () =>
    Effect.gen(function* () {
      const { abort, called, journal } = scripted({ progress: [{ ExecuteRun: 100 }, { ExecuteRun: 101 }] })
      const answers: Array<(result: Uint8Array) => void> = []
      const body: Body = (answer) => answers.push(answer)
      const waiters = ["a", "b"].map((name) => waiting(journal.run(name, body, { decode })))
      void journal.next(new Set(waiters))
      yield* turn
      answers[0]?.(Buffer.from("first"))
      answers[0]?.(Buffer.from("second"))
      assert.strictEqual(called("signal").length, 1)
      abort()
      answers[1]?.(Buffer.from("late"))
      assert.deepStrictEqual(called("success"), [[100, Buffer.from("first")]])
      assert.isTrue(journal.replaying())
    })
  )

  it.effect("ends the attempt with what the state machine throws, and then never answers", () =>
    Effect.gen(function* () {
      const refused = new Error("journal mismatch")
      const { called, journal } = scripted({ progress: [refused] })
      let answered = false
      void journal.next(new Set([waiting(journal.sleep(1, undefined))])).then(() => {
        answered = true
      })
      yield* turn
      assert.isFalse(answered)
      assert.deepStrictEqual(called("abort"), [[refused]])
    })
  )
})

/** What the state machine is told of a body that answers with this. */
const told = (result: Error, script: Script = {}) =>
  Effect.gen(function* () {
    const { calls, journal } = scripted({ ...script, progress: [{ ExecuteRun: 100 }] })
    const policy = {
      maxAttempts: 3,
      maxDurationMillis: 500,
      initialIntervalMillis: 5,
      maxIntervalMillis: 50,
      factor: 3
    }
    const run = journal.run("step", (answer) => answer(result), { decode, ...policy })
    void journal.next(new Set([waiting(run)]))
    yield* turn
    const failures = calls.filter(([name]) => ["failure", "transient", "delayed", "paused"].includes(String(name)))
    // How long the body ran stands behind the stack, and is another time on each run.
    return failures.map((call) => call.toSpliced(4, 1))
  })

describe("a failure of a step's body", () => {
  it.effect("that is terminal is journaled with its code and metadata", () =>
    Effect.gen(function* () {
      const error = new TerminalError("no", { errorCode: 409, metadata: { why: "taken" } })
      const failure = { code: 409, message: "no", metadata: [{ key: "why", value: "taken" }] }
      assert.deepStrictEqual(yield* told(error), [["failure", 100, failure]])
    })
  )

  it.effect("that the endpoint declares terminal is journaled too", () =>
    Effect.gen(function* () {
      const asTerminalError = (error: unknown) =>
        error instanceof RangeError ? new TerminalError("out of range", { errorCode: 400 }) : undefined
      const failure = { code: 400, message: "out of range", metadata: [] }
      const context = { asTerminalError }
      assert.deepStrictEqual(yield* told(new RangeError(), { context }), [["failure", 100, failure]])
    })
  )

  it.effect("is repeated under the policy of its step", () =>
    Effect.gen(function* () {
      const policy = { factor: 3, initial_interval: 5, max_interval: 50, max_attempts: 3, max_duration: 500 }
      const error = new Error("busy")
      assert.deepStrictEqual(yield* told(error), [["transient", 100, "busy", error.stack, policy]])
    })
  )

  it.effect("is repeated after the time that it asks for, also where that is a duration of the SDK", () =>
    Effect.gen(function* () {
      const error = new RetryableError("later", { retryAfter: { minutes: 1, milliseconds: 5 } })
      assert.deepStrictEqual(yield* told(error), [["delayed", 100, "later", error.stack, 60_005n, 3, 500n]])
      const every = { days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }
      assert.strictEqual(retryAfterMillis(new RetryableError("", { retryAfter: every })), 90_061_001)
      assert.strictEqual(retryAfterMillis(new RetryableError("", { retryAfter: 7 })), 7)
      assert.isUndefined(retryAfterMillis(new RetryableError("")))
    })
  )

  it.effect("that asks for a pause pauses", () =>
    Effect.gen(function* () {
      const error = new PauseError("look at this")
      assert.deepStrictEqual(yield* told(error), [["paused", 100, "look at this", error.stack]])
    })
  )
})

type Interceptor = (name: string, next: () => Promise<void>) => Promise<void>

/** What the state machine is told of a body inside of hooks. */
const hooked = (runInterceptor: Interceptor, result: Uint8Array | Error = Buffer.from("done")) =>
  Effect.gen(function* () {
    const { calls, journal } = scripted({ progress: [{ ExecuteRun: 100 }], context: { runInterceptor } })
    const run = journal.run("step", (answer) => answer(result), { decode })
    void journal.next(new Set([waiting(run)]))
    yield* turn
    return calls
      .filter(([name]) => ["success", "transient"].includes(String(name)))
      .map(([name, , what]) => [name, what])
  })

const success = [["success", Buffer.from("done")]]

describe("hooks around steps", () => {
  it.effect("that only look on change nothing", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const looksOn: Interceptor = async (name, next) => {
        await next()
        seen.push(name)
      }
      assert.deepStrictEqual(yield* hooked(looksOn), success)
      assert.deepStrictEqual(seen, ["step"])
      assert.deepStrictEqual(yield* hooked((_, next) => next()), success)
    })
  )

  it.effect("see the body's failure, and theirs takes the place of a result", () =>
    Effect.gen(function* () {
      const renames: Interceptor = (_, next) =>
        next().catch((error: Error) => Promise.reject(new Error(`renamed: ${error.message}`)))
      assert.deepStrictEqual(yield* hooked(renames, new Error("busy")), [["transient", "renamed: busy"]])
      const fails: Interceptor = (_, next) => next().then(() => Promise.reject(new Error("refused")))
      assert.deepStrictEqual(yield* hooked(fails), [["transient", "refused"]])
    })
  )

  it.effect("that throw, or never run the body, fail the step", () =>
    Effect.gen(function* () {
      const throws: Interceptor = () => assert.fail("at once")
      assert.deepStrictEqual(yield* hooked(throws), [["transient", "at once"]])
      const ended = "a hook around the step step ended without its body"
      assert.deepStrictEqual(yield* hooked(() => Promise.resolve()), [["transient", ended]])
    })
  )
})

describe("a codec of the endpoint", () => {
  it.effect("encodes results of steps and decodes what the journal has", () =>
    Effect.promise(async () => {
      const turned = (given: Uint8Array) => given.toReversed()
      const journalValueCodec = { encode: turned, decode: async (given: Uint8Array) => turned(given) }
      const { called, journal, notify } = scripted({
        progress: [{ ExecuteRun: 100 }, "AnyCompleted"],
        context: { journalValueCodec }
      })
      const run = waiting(journal.run("step", (answer) => answer(Buffer.from("abc")), { decode }))
      notify(100, bytes("cba"))
      assert.deepStrictEqual(await journal.next(new Set([run])), completed(run, "abc"))
      assert.deepStrictEqual(called("success"), [[100, turned(Buffer.from("abc"))]])
    })
  )
})

describe("a state machine", () => {
  it.live("is freed once the SDK has closed its attempt, and not while the SDK may still use it", () =>
    Effect.gen(function* () {
      const closed = scripted()
      closed.close()
      closed.abort()
      assert.deepStrictEqual(closed.called("free"), [])
      yield* turn
      assert.deepStrictEqual(closed.called("free"), [[]])
      const open = scripted()
      open.abort()
      yield* turn
      assert.deepStrictEqual(open.called("free"), [])
      open.close()
      yield* Effect.sleep("1100 millis")
      assert.deepStrictEqual(open.called("free"), [[]])
    })
  )
})
