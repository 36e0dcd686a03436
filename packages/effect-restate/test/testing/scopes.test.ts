import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { MemoryRestate } from "../../src/testing/MemoryRestate.ts"
import { probe, probeContract } from "../fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "../fixtures/Recorder.ts"
import { workflow, workflowContract } from "../fixtures/workflows.ts"
import { ScopeHost, scopeGuarantees } from "../suite/scopes.ts"

const contract = probeContract("Probe")
const approval = workflowContract("Probe")

const host = Layer.effect(
  ScopeHost,
  Effect.gen(function* () {
    const engine = new MemoryRestate()
    yield* engine.serve(probe("Probe"))
    yield* engine.serve(workflow("Probe"))
    return ScopeHost.of({
      asksInScope: (key) => Effect.orDie(engine.call(contract, key, "asksInScope", undefined)),
      nap: (key, millis, options) => Effect.sync(() => void engine.submit(contract, key, "nap", millis, options)),
      add: (key, by, options) => Effect.orDie(engine.call(contract, key, "add", { by }, options)),
      tellsScope: (key, options) => Effect.orDie(engine.call(contract, key, "tellsScope", undefined, options)),
      run: (id, options) => Effect.sync(() => void engine.submit(approval, id, "run", undefined, options)),
      approve: (id, options) => Effect.orDie(engine.call(approval, id, "approve", undefined, options)),
      attach: (ref) => engine.attach(contract, "nap", ref),
      output: (ref) => engine.output(contract, "nap", ref),
      attachRun: (ref) => engine.attach(approval, "run", ref),
      outputOfRun: (ref) => engine.output(approval, "run", ref)
    })
  })
).pipe(Layer.provideMerge(Layer.sync(Recorder, memoryRecorder)))

layer(host, { excludeTestServices: true })("the engine in memory, asked in scopes", scopeGuarantees)
