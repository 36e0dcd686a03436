import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { call, eventually, freshKey, type It } from "../Caller.ts"
import { Deployment } from "../Deployment.ts"
import { awaitOne, interpret, sleep } from "./commands.ts"

const keepsState = (signal: "SIGTERM" | "SIGKILL") =>
  Effect.gen(function* () {
    const { server } = yield* Deployment
    const key = yield* freshKey
    assert.deepStrictEqual(yield* call(`Counter/${key}/add`, 1), { oldValue: 0, newValue: 1 })
    yield* server.restart(signal)
    // Connections of before are gone, which the first request may notice.
    assert.strictEqual(yield* eventually(call(`Counter/${key}/get`)), 1)
    assert.deepStrictEqual(yield* call(`Counter/${key}/add`, 2), { oldValue: 1, newValue: 3 })
  })

/** The server ends while nothing runs. */
export const serverRestarts = (it: It): void => {
  describe("KillRuntime", () => {
    it.effect("startAndKillRuntimeRetainsTheState: state outlives a server that is killed", () => keepsState("SIGKILL"))
  })
  describe("StopRuntime", () => {
    it.effect("startAndStopRuntimeRetainsTheState: state outlives a server that is stopped", () =>
      keepsState("SIGTERM")
    )
  })
}

const slept = 2_000

const sleepsOn = (signal: "SIGTERM" | "SIGKILL") =>
  Effect.gen(function* () {
    const { endpoint } = yield* Deployment
    const started = yield* Clock.currentTimeMillis
    const sleeping = yield* Effect.fork(
      call(`VirtualObjectCommandInterpreter/${yield* freshKey}/interpretCommands`, interpret(awaitOne(sleep(slept))))
    )
    yield* Effect.sleep(slept / 3)
    yield* endpoint.restart(signal)
    assert.strictEqual(yield* Fiber.join(sleeping), "sleep")
    assert.isAtLeast((yield* Clock.currentTimeMillis) - started, slept)
  })

/** The process that serves the handlers ends while one of them sleeps. */
export const sleepWithFailures = (it: It) =>
  describe("SleepWithFailures", () => {
    it.effect("sleepAndKillServiceEndpoint: a sleep goes on with the next process after a kill", () =>
      sleepsOn("SIGKILL")
    )
    it.effect("sleepAndTerminateServiceEndpoint: a sleep goes on with the next process after a stop", () =>
      sleepsOn("SIGTERM")
    )
  })
