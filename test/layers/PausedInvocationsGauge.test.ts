import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Option, Ref, TestClock } from "effect"
import { PausedInvocationsGauge } from "../../src/layers/PausedInvocationsGauge.ts"
import { RestateAdmin, RestateAdminError } from "../../src/services/RestateAdmin.ts"
import { WorkflowMetrics } from "../../src/services/WorkflowMetrics.ts"

const ignore = () => {}
const unreachable = new RestateAdminError({ operation: "query", reason: "unreachable", detail: "refused" })

describe("paused invocations gauge", () => {
  it.scoped("polls every 30 s, shows nothing while Restate is away, logs that once and recovers", () =>
    Effect.gen(function* () {
      const shown: Array<Option.Option<number>> = []
      const logged: Array<unknown> = []
      const answer = yield* Ref.make<Effect.Effect<ReadonlyMap<string, number>, RestateAdminError>>(
        Effect.succeed(new Map([["Deploy", 2]]))
      )
      const doubles = Layer.mergeAll(
        Layer.mock(RestateAdmin, { pausedInvocations: Effect.flatten(Ref.get(answer)) }),
        Layer.mock(WorkflowMetrics, {
          attemptStarted: ignore,
          attemptEnded: ignore,
          stepStarted: ignore,
          stepEnded: ignore,
          contentType: "",
          setPausedInvocations: (counts) =>
            Effect.sync(() => {
              shown.push(Option.map(counts, (known) => known.get("Deploy") ?? 0))
            })
        }),
        Logger.replace(
          Logger.defaultLogger,
          Logger.make(({ message }) => void logged.push(message))
        )
      )
      yield* Layer.build(Layer.provide(PausedInvocationsGauge, doubles))
      yield* TestClock.adjust("29 seconds")
      assert.deepStrictEqual(shown, [Option.some(2)])
      yield* Ref.set(answer, Effect.fail(unreachable))
      yield* TestClock.adjust("61 seconds")
      assert.deepStrictEqual(shown, [Option.some(2), Option.none(), Option.none(), Option.none()])
      assert.lengthOf(logged, 1)
      yield* Ref.set(answer, Effect.succeed(new Map()))
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(shown.at(-1), Option.some(0))
      yield* Ref.set(answer, Effect.fail(unreachable))
      yield* TestClock.adjust("30 seconds")
      assert.lengthOf(logged, 2)
    })
  )
})
