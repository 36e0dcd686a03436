import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { columns, fourBytes, integersOf } from "../../support/columns.ts"
import { keyRow, seedKey } from "../../support/memory/keySeeds.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { rows } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"
import { runRefill, withUpkeep } from "../../support/workflows/Upkeep.ts"

const ofKeys = columns.filter(({ table }) => table === "keys")
const texts = ofKeys.filter(({ name, width }) => width !== undefined && name !== "hash")
const numbers = ofKeys.flatMap((column) => integersOf(column).map((value) => [column.name, value] as const))

describe("a refill of keys as the API may have written them", () => {
  for (const { name, width = 0 } of texts)
    it.effect(`refills a key whose ${name} is filled with four-byte characters, and the one beside it`, () =>
      Effect.gen(function* () {
        yield* seedKey("key_plain")
        const [before] = (yield* rows).keys
        // What no store reads is in no row of the doubles.
        const isRead = before !== undefined && Object.hasOwn(before, name)
        // The column is one of the table's, and the value one that it takes.
        yield* seedKey("key_filled", (isRead ? { [name]: fourBytes(width) } : {}) as Partial<Tables["keys"]>)
        assert.deepStrictEqual(yield* runRefill("2026-02-28"), Either.right({ keysRefilled: 2 }))
        const filled = isRead && name === "id" ? fourBytes(width) : "key_filled"
        assert.deepInclude(yield* keyRow(filled), { remaining_requests: 100 })
        const { engine } = yield* ControlPlane
        assert.deepStrictEqual(unfinished(engine), [])
      }).pipe(on(withUpkeep()))
    )

  for (const [name, value] of numbers)
    it.effect(`ends, and refills the key beside one whose ${name} is ${value}`, () =>
      Effect.gen(function* () {
        yield* seedKey("key_plain")
        const [before] = (yield* rows).keys
        const isRead = before !== undefined && Object.hasOwn(before, name)
        // The column is one of the table's, and the value one that it takes.
        yield* seedKey("key_odd", (isRead ? { [name]: value } : {}) as Partial<Tables["keys"]>)
        assert.isTrue(Either.isRight(yield* runRefill("2026-02-28")))
        assert.deepInclude(yield* keyRow("key_plain"), { remaining_requests: 100 })
        const { engine } = yield* ControlPlane
        assert.deepStrictEqual(unfinished(engine), [])
      }).pipe(on(withUpkeep()))
    )
})
