import { Effect, Layer, Redacted } from "effect"
import { withCheckedKeyrings } from "../../../src/services/vault/Keyring.ts"
import { associatedData } from "../../../src/services/vault/Purpose.ts"
import { DecryptionRefused, Vault } from "../../../src/services/vault/Vault.ts"

const hex = (text: string) => Buffer.from(text).toString("hex")

/**
 * Ciphertexts depend only on keyring, plaintext and purpose, so that two runs of a story write the same rows. They contain no
 * readable secret.
 */
export const MemoryVault = Layer.succeed(
  Vault,
  withCheckedKeyrings({
    encrypt: (keyring, plaintext, purpose) =>
      Effect.succeed(["memory", hex(keyring), hex(Redacted.value(plaintext)), hex(associatedData(purpose))].join(":")),
    decrypt: (keyring, ciphertext, purpose) => {
      const [scheme, ring, data, written = hex(associatedData(purpose))] = ciphertext.split(":")
      const fits = ring === hex(keyring) && written === hex(associatedData(purpose))
      return scheme === "memory" && fits && data !== undefined
        ? Effect.succeed(Redacted.make(Buffer.from(data, "hex").toString()))
        : new DecryptionRefused({ keyring })
    },
    check: Effect.void,
    bindsPurpose: Effect.succeed(true)
  })
)
