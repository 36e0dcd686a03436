import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Option } from "effect"
import { decryptWith, encryptWith, newMasterKey } from "../../../src/layers/vault/local/envelope.ts"

const keyring = FastCheck.stringMatching(/^[a-z]\w{0,20}$/)
const plaintext = FastCheck.fullUnicodeString({ maxLength: 200 })
const older = FastCheck.integer({ min: 0, max: 4 })

describe("the local vault's envelope", () => {
  it.prop(
    "opens what it closed, however many master keys came before or after",
    [keyring, plaintext, older, older],
    ([ring, text, before, after]) => {
      const master = newMasterKey()
      const others = (count: number) => Array.from({ length: count }, newMasterKey)
      const opened = decryptWith([...others(before), master, ...others(after)], ring, encryptWith(master, ring, text))
      assert.deepStrictEqual(opened, Option.some(text))
    }
  )

  it.prop(
    "stays closed without its master key and under any other keyring",
    [keyring, keyring, plaintext],
    ([ring, other, text]) => {
      const master = newMasterKey()
      const ciphertext = encryptWith(master, ring, text)
      assert.isTrue(Option.isNone(decryptWith([newMasterKey()], ring, ciphertext)))
      assert.strictEqual(Option.isSome(decryptWith([master], other, ciphertext)), other === ring)
    }
  )

  it.effect("stays closed when any single character differs, to the last one", () =>
    Effect.sync(() => {
      const master = newMasterKey()
      const ciphertext = encryptWith(master, "ws_1", "secret")
      for (let place = 0; place < ciphertext.length; place++)
        for (const character of ["A", "B", "_", ":"]) {
          if (ciphertext.charAt(place) === character) continue
          const changed = ciphertext.slice(0, place) + character + ciphertext.slice(place + 1)
          assert.isTrue(Option.isNone(decryptWith([master], "ws_1", changed)), changed)
        }
    })
  )
})
