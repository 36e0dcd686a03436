import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { defaultLimits, type Limits } from "../src/contract/Limits.ts"
import { serdeOf } from "../src/contract/Serde.ts"
import { MemoryRestate } from "../src/testing/MemoryRestate.ts"
import { Store, StoreLive } from "./fixtures/stores.ts"

const engineWith = (limits: Partial<Limits>) =>
  Effect.gen(function* () {
    const engine = new MemoryRestate({ limits })
    yield* engine.serve(StoreLive)
    return engine
  })

const { payloadBytes } = defaultLimits
/** JSON puts quotes around it. */
const larger = "x".repeat(payloadBytes - 1)
const raised = { payloadBytes: 2 * payloadBytes }

describe("the limit of payloads", () => {
  it("is 256 KiB unless it is said otherwise", () => {
    assert.strictEqual(payloadBytes, 256 * 1024)
  })

  it("belongs to what uses a schema, not to the schema", () => {
    const [small, large] = [serdeOf(Schema.String, 10), serdeOf(Schema.String, 20)]
    assert.strictEqual(small.encode("x".repeat(9))._tag, "Left")
    assert.strictEqual(large.encode("x".repeat(9))._tag, "Right")
    assert.throws(() => small.deserialize(large.serialize("x".repeat(9))), "11 bytes exceed the limit of 10")
    assert.strictEqual(serdeOf(Schema.String, 10), small)
  })

  it.effect("refuses larger inputs with 400 and takes them once it is raised", () =>
    Effect.gen(function* () {
      const body = new TextEncoder().encode(JSON.stringify(larger))
      const put = { service: "Store", key: "a", handler: "put" }
      const strict = yield* engineWith({})
      const refused = yield* strict.result(strict.request(put, body))
      assert.deepInclude(refused.ok ? {} : refused.error, { code: 400 })
      const generous = yield* engineWith(raised)
      assert.isTrue((yield* generous.result(generous.request(put, body))).ok)
    })
  )

  it.effect("pauses what reads larger state, which is read once it is raised", () =>
    Effect.gen(function* () {
      const strict = yield* engineWith({})
      strict.setState("Store", "a", "text", larger)
      const paused = yield* Effect.flip(strict.call(Store, "a", "size", undefined))
      assert.strictEqual(paused._tag, "InvocationPaused")
      assert.include(String(Reflect.get(paused, "reason")), `${payloadBytes + 1} bytes exceed the limit`)
      const generous = yield* engineWith(raised)
      generous.setState("Store", "a", "text", larger)
      assert.strictEqual(yield* generous.call(Store, "a", "size", undefined), larger.length)
    })
  )

  it.effect("refuses larger results of steps, and journals them once it is raised", () =>
    Effect.gen(function* () {
      const strict = yield* engineWith({ payloadBytes: 100 })
      const failed = yield* Effect.flip(strict.call(Store, "a", "make", 99))
      assert.include(String(failed), "101 bytes exceed the limit of 100")
      const generous = yield* engineWith({ payloadBytes: 101 })
      assert.strictEqual(yield* generous.call(Store, "a", "make", 99), 99)
    })
  )
})

describe("a limit of attempts", () => {
  it.effect("is the time of a step that states none", () =>
    Effect.gen(function* () {
      const engine = yield* engineWith({ stepTimeout: "2 seconds" })
      const paused = yield* Effect.flip(engine.call(Store, "a", "hang", undefined))
      assert.include(String(Reflect.get(paused, "reason")), "step hang did not end within 2000 ms")
    })
  )

  it.effect("is how many operations one runs between two waits", () =>
    Effect.gen(function* () {
      const engine = yield* engineWith({ operationsPerTurn: 10_000 })
      const paused = yield* Effect.flip(engine.call(Store, "a", "spin", undefined))
      assert.include(String(Reflect.get(paused, "reason")), "10000")
    })
  )
})
