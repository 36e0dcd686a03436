import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import type { Observer } from "../src/attempt/Observer.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../src/testing/MemoryRestate.ts"
import { type ProbeHandler, probe } from "./fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "./fixtures/Recorder.ts"

const counting = () => {
  const seen: Array<string> = []
  const observer: Observer = {
    attemptStarted: () => undefined,
    attemptEnded: ({ handler, outcome }) => void seen.push(`${handler} ${outcome}`),
    stepStarted: () => undefined,
    stepEnded: ({ step, outcome, error }) =>
      void seen.push(`  ${step} ${outcome}${error === undefined ? "" : ` ${error}`}`)
  }
  return { seen, observer }
}

/** Runs a handler on the engine in memory and answers with what the observer was told, in order. */
const observedBy = (handler: ProbeHandler, options: MemoryRestateOptions = {}, cancel = false) =>
  Effect.gen(function* () {
    const { seen, observer } = counting()
    const engine = new MemoryRestate({ ...options, observer })
    yield* engine.serve(probe("Probe"))
    const input = new TextEncoder().encode(JSON.stringify(3_600_000))
    const invocation = engine.request({ service: "Probe", key: "k", handler }, input)
    yield* engine.settle
    if (cancel) engine.cancel(invocation.id)
    else yield* engine.until(() => invocation.result !== undefined || invocation.failures > 0)
    yield* engine.settle
    return seen
  }).pipe(Effect.provide(Layer.merge(Layer.sync(Recorder, memoryRecorder), Logger.remove(Logger.defaultLogger))))

describe("an observer", () => {
  it.effect("is told of each executed step once and never of a replayed one", () =>
    Effect.gen(function* () {
      const steps = ["  n0 succeeded", "  n1 succeeded", "  n2 succeeded", "  n3 succeeded", "  n4 succeeded"]
      assert.deepStrictEqual(yield* observedBy("sequence"), [...steps, "sequence succeeded"])
      const suspended = yield* observedBy("sequence", { suspend: "always" })
      assert.deepStrictEqual(
        suspended.filter((it) => it.startsWith(" ")),
        steps
      )
      assert.strictEqual(suspended.filter((it) => it === "sequence succeeded").length, 1)
      assert.isAbove(suspended.filter((it) => it === "sequence suspended").length, 0)
    })
  )

  it.effect(
    "can tell an expected failure from a defect, in a step and in a handler, and learns the tag of a step's error",
    () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* observedBy("refused"), ["  ask failed Refused", "refused failed"])
        assert.strictEqual((yield* observedBy("flaky"))[0], "  ask defect RuntimeException")
        assert.strictEqual((yield* observedBy("unfit"))[0], "unfit defect")
      })
  )

  it.effect("sees a wait that is not durable as a defect, not as a suspension", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* observedBy("stuck"))[0], "stuck defect")
    })
  )

  it.effect("sees a cancellation as such", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* observedBy("nap", {}, true), ["  before succeeded", "nap cancelled"])
    })
  )
})
