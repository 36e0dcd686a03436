import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { crashMatrix } from "../../src/testing/CrashMatrix.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../../src/testing/MemoryRestate.ts"
import { probe } from "../fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "../fixtures/Recorder.ts"
import { service, serviceContract } from "../fixtures/services.ts"

/** A story on an engine that serves the probe and what stands beside it, with its notes. */
const story =
  <A, E>(tell: (engine: MemoryRestate) => Effect.Effect<A, E>, keys: ReadonlyArray<string>) =>
  (options: MemoryRestateOptions) =>
    Effect.gen(function* () {
      const engine = new MemoryRestate(options)
      yield* engine.serve(probe("Probe"))
      yield* engine.serve(service("Probe"))
      const told = yield* tell(engine)
      yield* engine.drain
      const recorder = yield* Recorder
      return { told, notes: keys.map((key) => new Set(recorder.read(key))), state: engine.stateOf("Probe", "a") }
    }).pipe(Effect.provide(Layer.sync(Recorder, memoryRecorder)))

describe("the crash matrix", () => {
  it.effect("passes for a service that calls itself and an object", () =>
    Effect.gen(function* () {
      const Service = serviceContract("Probe")
      const report = yield* crashMatrix(
        story(
          (engine) => Effect.all([engine.call(Service, "callsItself", "a"), engine.call(Service, "callsObject", "a")]),
          ["a", "a-sent"]
        ),
        { pairs: 20 }
      )
      assert.isTrue(report.points.some(({ invocation }) => invocation === "ProbeService/greets#2"))
    })
  )
})
