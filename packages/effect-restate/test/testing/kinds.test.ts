import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { crashMatrix } from "../../src/testing/CrashMatrix.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../../src/testing/MemoryRestate.ts"
import { probe, probeContract } from "../fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "../fixtures/Recorder.ts"
import { service, serviceContract } from "../fixtures/services.ts"
import { workflow, workflowContract } from "../fixtures/workflows.ts"

/** A story on an engine that serves the probe and what stands beside it, with its notes. */
const story =
  <A, E>(tell: (engine: MemoryRestate) => Effect.Effect<A, E>, keys: ReadonlyArray<string>) =>
  (options: MemoryRestateOptions) =>
    Effect.gen(function* () {
      const engine = new MemoryRestate(options)
      yield* engine.serve(probe("Probe"))
      yield* engine.serve(service("Probe"))
      yield* engine.serve(workflow("Probe", { workflowRetention: "1 hour" }))
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

  it.effect("passes for a workflow that others watch and decide, and for updates of state", () =>
    Effect.gen(function* () {
      const Workflow = workflowContract("Probe")
      const decided = (engine: MemoryRestate) =>
        Effect.gen(function* () {
          const run = engine.submit(Workflow, "a", "run", undefined)
          yield* engine.settle
          const waiting = yield* engine.call(Workflow, "a", "status", undefined)
          yield* engine.call(Workflow, "a", "approve", undefined)
          const result = yield* engine.result(run)
          const after = yield* engine.call(Workflow, "a", "status", undefined)
          const sum = yield* engine.call(probeContract("Probe"), "a", "updatesTogether", undefined)
          return { waiting, after, ok: result.ok, sum }
        })
      const report = yield* crashMatrix(story(decided, ["a"]), { pairs: 20 })
      assert.isTrue(report.points.some(({ kind }) => kind === "promise"))
      assert.isTrue(report.points.some(({ kind }) => kind === "complete-promise"))
    })
  )
})

describe("the engine in memory, as the server,", () => {
  it.effect("forgets a workflow's run, state and promises when their retention is over, and not before", () =>
    Effect.gen(function* () {
      const engine = new MemoryRestate()
      yield* engine.serve(workflow("Probe", { workflowRetention: "1 hour" }))
      const Workflow = workflowContract("Probe")
      const run = engine.call(Workflow, "a", "run", undefined)
      yield* engine.call(Workflow, "a", "approve", undefined)
      yield* run
      yield* engine.advance("59 minutes")
      const refused = yield* Effect.flip(run)
      assert.strictEqual(refused._tag === "CallFailed" ? refused.code : 0, 409)
      yield* engine.advance("1 minute")
      assert.deepStrictEqual(yield* engine.call(Workflow, "a", "status", undefined), { phase: null, decided: false })
      yield* engine.call(Workflow, "a", "refuse", undefined)
      assert.strictEqual(yield* run, "refused: too late")
    }).pipe(Effect.provide(Layer.sync(Recorder, memoryRecorder)))
  )
})
