import { assert, type Vitest } from "@effect/vitest"
import { Context, Effect, Option } from "effect"
import type { InvocationRef } from "../../src/contract/InvocationRef.ts"
import type { probeContract } from "../fixtures/Probe.ts"
import type { Recorder } from "../fixtures/Recorder.ts"
import type { workflowContract } from "../fixtures/workflows.ts"
import { freshKey, poll } from "./Host.ts"

export type ProbeContract = ReturnType<typeof probeContract>
export type WorkflowContract = ReturnType<typeof workflowContract>

export interface InScope {
  readonly scope?: string
  readonly idempotencyKey?: string
  readonly limitKey?: string
}

type Refused = { readonly _tag: string }

/** A client of the probe on a server with scopes, or on the engine in memory. */
export class ScopeHost extends Context.Tag("test/ScopeHost")<
  ScopeHost,
  {
    readonly asksInScope: (key: string) => Effect.Effect<unknown>
    readonly nap: (key: string, millis: number, options: InScope) => Effect.Effect<void>
    readonly add: (key: string, by: number, options: InScope) => Effect.Effect<number>
    readonly tellsScope: (key: string, options: InScope) => Effect.Effect<unknown>
    readonly run: (workflowId: string, options: InScope) => Effect.Effect<void>
    readonly approve: (workflowId: string, options: InScope) => Effect.Effect<void>
    readonly attach: (ref: InvocationRef<ProbeContract, "nap">) => Effect.Effect<string, Refused>
    readonly output: (ref: InvocationRef<ProbeContract, "nap">) => Effect.Effect<Option.Option<string>, Refused>
    readonly attachRun: (ref: InvocationRef<WorkflowContract, "run">) => Effect.Effect<string, Refused>
    readonly outputOfRun: (ref: InvocationRef<WorkflowContract, "run">) => Effect.Effect<Option.Option<string>, Refused>
  }
>() {}

const refusal = <A>(effect: Effect.Effect<A, Refused>) =>
  Effect.map(Effect.flip(effect), (error) => ("code" in error ? error.code : error._tag))

/** What a scope separates: objects, workflows and idempotency keys, for those who ask and for those who attach. */
export const scopeGuarantees = (it: Vitest.MethodsNonLive<ScopeHost | Recorder, true>): void => {
  it.effect("scope, limit key and idempotency key of a call or a send reach its handler", () =>
    Effect.gen(function* () {
      const host = yield* ScopeHost
      const called = { scope: "tenant-1", limitKey: "key/1", idempotencyKey: "once" }
      assert.deepStrictEqual(yield* host.asksInScope(yield* freshKey), [called, { scope: "tenant-2" }])
      assert.deepStrictEqual(yield* host.tellsScope(yield* freshKey, called), called)
    })
  )

  it.effect("an object in a scope has a state of its own", () =>
    Effect.gen(function* () {
      const { add } = yield* ScopeHost
      const key = yield* freshKey
      assert.strictEqual(yield* add(key, 1, { scope: "tenant-1" }), 1)
      assert.strictEqual(yield* add(key, 2, { scope: "tenant-2" }), 2)
      assert.strictEqual(yield* add(key, 4, {}), 4)
      assert.strictEqual(yield* add(key, 8, { scope: "tenant-1" }), 9)
    })
  )

  it.effect("an invocation is attached to by its idempotency key within its scope, and in no other", () =>
    Effect.gen(function* () {
      const { attach, nap, output } = yield* ScopeHost
      const key = yield* freshKey
      const ref = { key, idempotencyKey: "a nap/1", scope: "tenant-1" }
      yield* nap(key, 1000, ref)
      assert.isTrue(Option.isNone(yield* output(ref)))
      assert.strictEqual(yield* attach(ref), "slept")
      assert.deepStrictEqual(yield* output(ref), Option.some("slept"))
      for (const other of [
        { key, idempotencyKey: "a nap/1" },
        { ...ref, scope: "tenant-2" },
        { ...ref, idempotencyKey: "another" }
      ]) {
        assert.strictEqual(yield* refusal(attach(other)), 404)
        assert.strictEqual(yield* refusal(output(other)), 404)
      }
    })
  )

  it.effect("a workflow is attached to by its id within its scope", () =>
    Effect.gen(function* () {
      const { approve, attachRun, outputOfRun, run } = yield* ScopeHost
      const ref = { workflowId: yield* freshKey, scope: "tenant-1" }
      yield* run(ref.workflowId, ref)
      yield* poll("the run", Effect.match(outputOfRun(ref), { onFailure: () => false, onSuccess: Option.isNone }))
      assert.strictEqual(yield* refusal(attachRun({ workflowId: ref.workflowId })), 404)
      yield* approve(ref.workflowId, ref)
      const answer = yield* attachRun(ref)
      assert.strictEqual(answer, "approved at 1970-01-01T00:00:00.000Z")
      assert.deepStrictEqual(yield* outputOfRun(ref), Option.some(answer))
    })
  )
}
