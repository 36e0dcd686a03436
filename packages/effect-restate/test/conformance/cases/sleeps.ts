import { assert, describe } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { call, freshKey, type It } from "../Caller.ts"
import { awaitOne, awaitSome, interpret, sleep } from "./commands.ts"

const interpreted = (command: unknown) =>
  Effect.flatMap(freshKey, (key) =>
    call(`VirtualObjectCommandInterpreter/${key}/interpretCommands`, interpret(command))
  )

const invocations = 50
const sleepsOfEach = 20
const numbered = (count: number) => Array.from({ length: count }, (_, index) => index)
/** From 10 to 50 ms. */
const mixed = numbered(sleepsOfEach).map((index) => sleep(10 + ((index * 17) % 41)))

export const sleeps = (it: It) =>
  describe.concurrent("Sleep", () => {
    it.effect("sleep: takes as long as it says", () =>
      Effect.gen(function* () {
        const started = yield* Clock.currentTimeMillis
        assert.strictEqual(yield* interpreted(awaitOne(sleep(10))), "sleep")
        assert.isAtLeast((yield* Clock.currentTimeMillis) - started, 10)
      })
    )

    it.effect("manySleeps: 50 invocations with 20 sleeps each, all at once, all end", () =>
      Effect.gen(function* () {
        const answers = yield* Effect.forEach(
          numbered(invocations),
          () => interpreted(awaitSome("awaitAllCompleted", ...mixed)),
          { concurrency: "unbounded" }
        )
        const expected = mixed.map(() => "ok:sleep").join("|")
        assert.deepStrictEqual(
          answers,
          answers.map(() => expected)
        )
      })
    )
  })
