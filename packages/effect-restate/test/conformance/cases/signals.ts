import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { attach, call, failingAttach, freshKey, type It, send } from "../Caller.ts"
import { awaitOne, createSignal, interpret } from "./commands.ts"

export const resolveSignal = (invocationId: string, signalName: string, value: string) =>
  call("TestUtilsService/resolveSignal", { invocationId, signalName, value })

export const rejectSignal = (invocationId: string, signalName: string, reason: string) =>
  call("TestUtilsService/rejectSignal", { invocationId, signalName, reason })

const awaitsSignal = Effect.flatMap(freshKey, (key) =>
  send(`VirtualObjectCommandInterpreter/${key}/interpretCommands`, interpret(awaitOne(createSignal("mysignal"))))
)

export const signals = (it: It) =>
  describe.concurrent("Signals", () => {
    it.effect("resolve: the value of a signal is the answer of the one who awaits it", () =>
      Effect.gen(function* () {
        const id = yield* awaitsSignal
        yield* resolveSignal(id, "mysignal", "hello")
        assert.strictEqual(yield* attach(id), "hello")
      })
    )

    it.effect("reject: the rejection of a signal is a terminal error of the one who awaits it", () =>
      Effect.gen(function* () {
        const id = yield* awaitsSignal
        yield* rejectSignal(id, "mysignal", "boom")
        assert.include((yield* failingAttach(id)).message, "boom")
      })
    )
  })
