import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Option } from "effect"
import { decryptWith, encryptWith, newMasterKey, type Owner } from "../../../src/layers/vault/local/envelope.ts"
import { acmeAccountKey, certificateKey, clickhousePassword } from "../../../src/services/vault/Purpose.ts"

const keyring = FastCheck.stringMatching(/^[a-z]\w{0,20}$/)
const purpose = FastCheck.constantFrom(certificateKey, clickhousePassword, acmeAccountKey).chain((secretOf) =>
  FastCheck.string({ maxLength: 20 }).map(secretOf)
)
const owner = FastCheck.record({ keyring, purpose })
const plaintext = FastCheck.fullUnicodeString({ maxLength: 200 })
const older = FastCheck.integer({ min: 0, max: 4 })

const one: Owner = { keyring: "ws_1", purpose: certificateKey("app.example.com") }
const keyOf = ({ keyring, purpose }: Owner) => JSON.stringify([keyring, purpose.column, purpose.row])

describe("the local vault's envelope", () => {
  it.prop(
    "opens what it closed, however many master keys came before or after",
    [owner, plaintext, older, older],
    ([ring, text, before, after]) => {
      const master = newMasterKey()
      const others = (count: number) => Array.from({ length: count }, newMasterKey)
      const opened = decryptWith([...others(before), master, ...others(after)], ring, encryptWith(master, ring, text))
      assert.deepStrictEqual(opened, Option.some(text))
    }
  )

  it.prop(
    "stays closed without its master key and for any other keyring or purpose",
    [owner, owner, plaintext],
    ([ring, other, text]) => {
      const master = newMasterKey()
      const ciphertext = encryptWith(master, ring, text)
      assert.isTrue(Option.isNone(decryptWith([newMasterKey()], ring, ciphertext)))
      assert.strictEqual(Option.isSome(decryptWith([master], other, ciphertext)), keyOf(other) === keyOf(ring))
    }
  )

  it.effect("stays closed when any single character differs, to the last one", () =>
    Effect.sync(() => {
      const master = newMasterKey()
      const ciphertext = encryptWith(master, one, "secret")
      for (let place = 0; place < ciphertext.length; place++)
        for (const character of ["A", "B", "_", ":"]) {
          if (ciphertext.charAt(place) === character) continue
          const changed = ciphertext.slice(0, place) + character + ciphertext.slice(place + 1)
          assert.isTrue(Option.isNone(decryptWith([master], one, changed)), changed)
        }
    })
  )

  it("opens for every purpose what an earlier version closed without one, for its keyring alone", () => {
    const master = { id: "k1", key: Buffer.alloc(32, 7) }
    const stored =
      "local:v1:k1:A_edboAddHNrBumRNUsPFImpo6WE9UMaA_vPURMon-7sH-9d0b1MEJpHen5PI7vBFIFN5NbkdWx3tDDN:6GWrpxYGOYsNwV3w_YsyOnbe21wzVDqGzGtC7Z2KnCxq784p12dOHyM"
    for (const purpose of [certificateKey("app.example.com"), clickhousePassword("ws_1")])
      assert.deepStrictEqual(decryptWith([master], { keyring: "ws_1", purpose }, stored), Option.some("stored before"))
    assert.isTrue(Option.isNone(decryptWith([master], { ...one, keyring: "ws_2" }, stored)))
  })

  it("does not open what it closed as if an earlier version had", () => {
    const master = newMasterKey()
    const ciphertext = encryptWith(master, one, "secret").replace("local:v2:", "local:v1:")
    assert.isTrue(Option.isNone(decryptWith([master], one, ciphertext)))
  })
})
