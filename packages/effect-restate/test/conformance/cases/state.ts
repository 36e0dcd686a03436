import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { call, eventually, freshKey, type It } from "../Caller.ts"
import { bytesOf } from "./bytes.ts"

export const state = (it: It) =>
  describe.concurrent("State", () => {
    it.effect("add: what one invocation sets the next one reads", () =>
      Effect.gen(function* () {
        const key = yield* freshKey
        assert.deepStrictEqual(yield* call(`Counter/${key}/add`, 1), { oldValue: 0, newValue: 1 })
        assert.deepStrictEqual(yield* call(`Counter/${key}/add`, 2), { oldValue: 1, newValue: 3 })
      })
    )

    it.effect("proxyOneWayAdd: each of three messages adds", () =>
      Effect.gen(function* () {
        const key = yield* freshKey
        const request = { serviceName: "Counter", virtualObjectKey: key, handlerName: "add", message: bytesOf(1) }
        for (let sent = 0; sent < 3; sent++) yield* call("Proxy/oneWayCall", request)
        yield* eventually(Effect.map(call(`Counter/${key}/get`), (count) => assert.strictEqual(count, 3)))
      })
    )

    it.effect("listStateAndClearAll: all states of a key are listed and cleared, and none of another", () =>
      Effect.gen(function* () {
        const key = yield* freshKey
        const entries = ["0", "1"].map((n) => ({ key: `my-key-${n}`, value: `my-value-${n}` }))
        for (const entry of entries) yield* call(`MapObject/${key}/set`, entry)
        yield* call(`MapObject/${key}1/set`, { key: "my-key-2", value: "my-value-2" })
        assert.deepStrictEqual(yield* call(`MapObject/${key}/clearAll`), entries)
        for (const entry of entries) assert.strictEqual(yield* call(`MapObject/${key}/get`, entry.key), "")
        assert.strictEqual(yield* call(`MapObject/${key}1/get`, "my-key-2"), "my-value-2")
      })
    )
  })
