import { Effect, Layer, Redacted } from "effect"
import { withCheckedKeyrings } from "../../../src/services/Keyring.ts"
import { DecryptionRefused, Vault } from "../../../src/services/Vault.ts"

const hex = (text: string) => Buffer.from(text).toString("hex")

/** Ciphertexts depend on keyring and plaintext alone, so that two runs of a story write the same rows. No secret is readable in them. */
export const MemoryVault = Layer.succeed(
  Vault,
  withCheckedKeyrings({
    encrypt: (keyring, plaintext) => Effect.succeed(`memory:${hex(keyring)}:${hex(Redacted.value(plaintext))}`),
    decrypt: (keyring, ciphertext) => {
      const [scheme, ring, data] = ciphertext.split(":")
      return scheme === "memory" && ring === hex(keyring) && data !== undefined
        ? Effect.succeed(Redacted.make(Buffer.from(data, "hex").toString()))
        : new DecryptionRefused({ keyring })
    },
    check: Effect.void
  })
)
