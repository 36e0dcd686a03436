import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { MemoryRestate } from "../src/testing/MemoryRestate.ts"
import { probe, probeContract } from "./fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "./fixtures/Recorder.ts"

describe("an attempt that never rests", () => {
  for (const how of ["computes", "holds on"] as const)
    it.effect(`is cut and gives the process back, also when its fiber ${how}`, () =>
      Effect.gen(function* () {
        const engine = new MemoryRestate()
        yield* engine.serve(probe("Probe"))
        yield* engine.call(probeContract("Probe"), "k", "restless", how)
        assert.deepStrictEqual((yield* Recorder).read("k"), ["ran", "ran"])
        // A fiber that went on would leave nothing of the event loop to this one.
        const before = performance.now()
        for (let turn = 0; turn < 100; turn++) yield* Effect.promise(() => new Promise((go) => setImmediate(go)))
        assert.isBelow(performance.now() - before, 1_000)
      }).pipe(Effect.provide(Layer.merge(Layer.sync(Recorder, memoryRecorder), Logger.remove(Logger.defaultLogger))))
    )
})
