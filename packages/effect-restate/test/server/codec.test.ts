import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { RestateClient, testRestate } from "../../../../test/support/stack/Restate.ts"
import { RestateAdmin } from "../../src/admin/RestateAdmin.ts"
import { Ingress } from "../../src/ingress/Ingress.ts"
import { listen } from "../../src/node/Restate.ts"
import { probe, probeContract } from "../fixtures/Probe.ts"
import { memoryRecorder, Recorder } from "../fixtures/Recorder.ts"
import { freshKey, poll, recorded } from "../suite/Host.ts"
import { probeOptions } from "./serverHost.ts"

const contract = probeContract("Explicit")
const mask = 0x5a
const flipped = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte) => byte ^ mask)
const codec = { encode: flipped, decode: (bytes: Uint8Array) => Promise.resolve(flipped(bytes)) }

const clients = Layer.unwrapEffect(
  Effect.map(RestateClient, ({ admin, ingress }) =>
    Layer.merge(RestateAdmin.layer({ url: admin }), Ingress.layer({ url: ingress, codec }))
  )
)
const served = Layer.scopedDiscard(
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const services = [probe("Explicit", probeOptions("Explicit"))]
    const { host, port } = yield* listen({ services, codec, host: "127.0.0.1", port: 0, drain: 0 })
    yield* restate.register(`http://${host}:${port}`)
  })
)
const server = Layer.merge(served, clients).pipe(
  Layer.provideMerge(Layer.sync(Recorder, memoryRecorder)),
  Layer.provideMerge(testRestate({ inactivityTimeout: "0 millis" }))
)

layer(server, { excludeTestServices: true, timeout: "1 minute" })("an endpoint with a codec", (it) => {
  it.effect("inputs, outputs, state, results of steps and awakeables go through the codec, on every attempt", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const key = yield* freshKey
      assert.strictEqual(yield* client.call(contract, key, "add", { by: 2 }), 2)
      assert.strictEqual(yield* client.call(contract, key, "add", { by: 3 }), 5)
      assert.deepStrictEqual(yield* client.call(contract, key, "usesContext", undefined), [1, 2, 1])
      const waiting = yield* client.send(contract, key, "waits", undefined)
      yield* poll(
        "the awakeable's id",
        Effect.map(recorded(key), (notes) => notes.some((note) => String(note).startsWith("sign")))
      )
      const id = String((yield* recorded(key)).find((note) => String(note).startsWith("sign")))
      yield* client.resolveAwakeable(id, Schema.Struct({ at: Schema.Date }), { at: new Date(0) })
      assert.strictEqual(yield* client.attach(contract, "waits", waiting), "1970-01-01T00:00:00.000Z")
    })
  )

  it.effect("what Restate keeps cannot be read without it", () =>
    Effect.gen(function* () {
      const client = yield* Ingress
      const key = yield* freshKey
      const secret = "a text that is nowhere else"
      assert.strictEqual(yield* client.call(contract, key, "echo", secret), secret)
      const rows = JSON.stringify(yield* (yield* RestateAdmin).query("SELECT * FROM sys_journal", Schema.Unknown))
      for (const text of [
        secret,
        Buffer.from(secret).toString("hex"),
        Buffer.from(secret).toString("base64").slice(0, -4)
      ])
        assert.notInclude(rows, text)
      assert.include(rows, Buffer.from(flipped(Buffer.from(JSON.stringify(secret)))).toString("hex"))
    })
  )
})
