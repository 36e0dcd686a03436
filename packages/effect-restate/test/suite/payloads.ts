import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { failureMetadata } from "../../src/contract/TypedFailure.ts"
import { failureOf, freshKey, Host, succeed } from "./Host.ts"
import type { It } from "./semantics.ts"

export const payloadGuarantees = (it: It): void => {
  it.effect(
    "a failure shows what its schema declares as public to every caller, and its fields to none that does not ask",
    () =>
      Effect.gen(function* () {
        const host = yield* Host
        for (const handler of ["shows", "showsOfStep"] as const) {
          const { metadata, status } = yield* host.callPlainly(yield* freshKey, handler)
          assert.deepStrictEqual([status, metadata], [422, { item: "a" }])
          const asked = yield* host.call(yield* freshKey, handler)
          assert.hasAllKeys(asked.metadata, ["item", failureMetadata])
          assert.deepStrictEqual(failureOf(asked), { _tag: "Shown", item: "a", hidden: "secret" })
        }
      })
  )

  it.effect("a caller that does not declare the failure of its callee finds what it shows in CallFailed", () =>
    Effect.map(succeed("callsShows"), ({ output }) => assert.deepStrictEqual(output, { item: "a" }))
  )

  it.effect("raw bytes are the same bytes in a step, an awakeable, state and a call, also after a replay", () =>
    Effect.gen(function* () {
      const bytes = [0, 255, 128, 34]
      assert.deepStrictEqual((yield* succeed("keepsBytes")).output, [bytes, bytes, bytes, bytes.toReversed()])
    })
  )

  it.effect("raw bytes inside of another schema are refused, as they have no JSON", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { body, status } = yield* host.call(yield* freshKey, "wrapsBytes")
      assert.strictEqual(status, 500)
      assert.include(String(body), "/wrapsBytes: its schema cannot read the value's JSON at bytes")
    })
  )
}
