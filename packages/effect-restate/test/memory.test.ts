import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { ObjectOptions } from "../src/contract/Implementation.ts"
import type { Invocation, Stored } from "../src/testing/Invocation.ts"
import { MemoryRestate, type MemoryRestateOptions } from "../src/testing/MemoryRestate.ts"
import type { StartOptions } from "../src/testing/StartOptions.ts"
import { contextAnswers } from "./fixtures/invocations.ts"
import { probe } from "./fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "./fixtures/Recorder.ts"
import { service } from "./fixtures/services.ts"
import { telemetryLayer } from "./fixtures/telemetry.ts"
import { workflow } from "./fixtures/workflows.ts"
import { fidelityGuarantees } from "./suite/fidelity.ts"
import { type Answer, type Beside, Host, poll } from "./suite/Host.ts"
import { semantics } from "./suite/semantics.ts"
import { stateGuarantees } from "./suite/state.ts"

const nothing = new Uint8Array(0)

const encode = (input: unknown): Uint8Array =>
  input === undefined ? nothing : new TextEncoder().encode(JSON.stringify(input))

const answerOf = (stored: Stored): Answer => {
  if (!stored.ok) {
    const { code, message, metadata } = stored.error
    return { status: code, body: message, metadata: { ...metadata } }
  }
  const text = new TextDecoder().decode(stored.bytes)
  return { status: 200, body: text === "" ? undefined : JSON.parse(text), metadata: {} }
}

/** The probe on the engine in memory. Time moves while the test waits for something. */
const memoryHost = (options: MemoryRestateOptions, served: ObjectOptions = {}) =>
  Layer.effect(
    Host,
    Effect.gen(function* () {
      const engine = new MemoryRestate({ fromContext: contextAnswers, ...options })
      yield* engine.serve(
        probe("Probe", { ...served, retry: { initialInterval: "20 millis", maxInterval: "200 millis" } })
      )
      yield* engine.serve(service("Probe"))
      yield* engine.serve(workflow("Probe"))
      const requestBeside = (target: Beside, input: unknown, options: StartOptions) => {
        const key = target.service === "Workflow" ? target.key : ""
        const at = { service: `Probe${target.service}`, key, handler: target.handler }
        return engine.request(at, encode(input), { typedFailures: true, ...options })
      }
      const request = (key: string, handler: string, input: unknown, typedFailures = true) =>
        engine.request({ service: "Probe", key, handler }, encode(input), { typedFailures })
      const invocation = (id: string): Invocation | undefined => engine.invocations.find((it) => it.id === id)
      const result = (found: Invocation) => Effect.orDie(Effect.map(engine.result(found), answerOf))
      const attach = (id: string) => {
        const found = invocation(id)
        return found === undefined ? Effect.dieMessage(`no invocation ${id}`) : result(found)
      }
      // Timers are fired one by one; a body that waits in real time gets some of it.
      const until = <R>(what: string, condition: Effect.Effect<boolean, never, R>) =>
        poll(
          what,
          Effect.gen(function* () {
            yield* engine.settle
            if (yield* condition) return true
            engine.time.fireNext()
            return false
          })
        )
      return Host.of({
        suspendsAtOnce: options.suspend === "always",
        call: (key, handler, input) => Effect.suspend(() => result(request(key, handler, input))),
        callPlainly: (key, handler) => Effect.suspend(() => result(request(key, handler, undefined, false))),
        send: (key, handler, input) => Effect.sync(() => request(key, handler, input).id),
        beside: {
          call: (target, input, options) =>
            Effect.suspend(() => result(requestBeside(target, input, { ...options, waits: true }))),
          send: (target, input) => Effect.sync(() => requestBeside(target, input, {}).id)
        },
        attach,
        cancel: (id) => Effect.sync(() => engine.cancel(id)),
        kill: (id) => Effect.sync(() => engine.kill(id)),
        pause: (id) =>
          Effect.zipRight(
            engine.settle,
            Effect.sync(() => engine.pause(id))
          ),
        resume: (id) => Effect.sync(() => engine.resume(id)),
        untilPaused: (id) =>
          until(
            `${id} paused`,
            Effect.sync(() => invocation(id)?.status === "paused")
          ),
        resolveAwakeable: (id, value) => Effect.sync(() => engine.resolveAwakeable(id, value)),
        rejectAwakeable: (id, reason) => Effect.sync(() => engine.rejectAwakeable(id, reason)),
        until
      })
    })
  )

const memory = (options: MemoryRestateOptions, served?: ObjectOptions) =>
  memoryHost(options, served).pipe(
    Layer.provideMerge(Layer.sync(Recorder, memoryRecorder)),
    Layer.provideMerge(telemetryLayer)
  )

layer(memory({}), { excludeTestServices: true })("the engine in memory", semantics)
layer(memory({ suspend: "always" }), { excludeTestServices: true })("the engine that suspends at every wait", semantics)
layer(memory({ shuffleSeed: 7 }), { excludeTestServices: true })("the engine that shuffles completions", semantics)

const lazy = memory({ suspend: "always" }, { lazyState: true })
layer(lazy, { excludeTestServices: true })("the engine that suspends also to read state", (it) => {
  stateGuarantees(it)
  fidelityGuarantees(it)
})
