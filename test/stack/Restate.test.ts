import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient, testRestate } from "../support/stack/Restate.ts"

describe("a private Restate server", () => {
  it.layer(testRestate({ inactivityTimeout: 0, abortTimeout: "1 minute" }), { timeout: 60_000 })((it) => {
    it.effect("answers queries, reports a refused registration as an error, and a failed call as a reply", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        assert.deepStrictEqual(yield* restate.sql("SELECT id FROM sys_invocation"), [])
        const refusal = yield* Effect.flip(restate.register("http://127.0.0.1:1"))
        assert.strictEqual(refusal._tag, "AdminUnavailable")
        const reply = yield* restate.call("Nobody/handle", {})
        assert.strictEqual(reply.status, 404)
      })
    )
  })
})
