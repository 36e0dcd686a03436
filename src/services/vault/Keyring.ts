import { Effect, Schema } from "effect"
import { firstCodePoints } from "../../text/codePoints.ts"
import { DecryptionRefused, type Vault } from "./Vault.ts"

/** An invalid keyring name. Some vaults put the name into a URL or path, so its characters are restricted. */
export class KeyringRefused extends Schema.TaggedError<KeyringRefused>()("KeyringRefused", {
  keyring: Schema.String
}) {
  override get message(): string {
    return `${JSON.stringify(firstCodePoints(this.keyring, 100))} is not the name of a keyring: letters, digits, "_" and inner "-", at most 255`
  }
}

/** Matches workspace and environment ids; every vault accepts it as a key name. */
const isKeyring = (name: string): boolean => /^\w([\w-]{0,253}\w)?$/.test(name)

/**
 * Adds name validation to a vault. Encrypting under an invalid name is a programming error, a defect; a ciphertext of such a
 * keyring cannot exist.
 */
export const withCheckedKeyrings = (vault: Vault["Type"]): Vault["Type"] => ({
  encrypt: (keyring, plaintext, purpose) =>
    isKeyring(keyring) ? vault.encrypt(keyring, plaintext, purpose) : Effect.die(new KeyringRefused({ keyring })),
  decrypt: (keyring, ciphertext, purpose) =>
    isKeyring(keyring) ? vault.decrypt(keyring, ciphertext, purpose) : new DecryptionRefused({ keyring }),
  check: vault.check,
  bindsPurpose: vault.bindsPurpose
})
