import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { certificateKey, clickhousePassword } from "../../../src/services/vault/Purpose.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"
import { vaultContract } from "../../services/Vault.contract.ts"
import { MemoryVault } from "./MemoryVault.ts"

// Validates the test double of workflow tests: it keeps the promises of the vaults.
vaultContract("memory", MemoryVault, { isDouble: true })

it.effect("a ciphertext of the memory vault from before it knew purposes is decrypted for each of them", () =>
  Effect.gen(function* () {
    const { decrypt } = yield* Vault
    const stored = `memory:${Buffer.from("ws_1").toString("hex")}:${Buffer.from("stored before").toString("hex")}`
    for (const purpose of [certificateKey("app.example.com"), clickhousePassword("ws_1")])
      assert.strictEqual(Redacted.value(yield* decrypt("ws_1", stored, purpose)), "stored before")
  }).pipe(Effect.provide(MemoryVault))
)
