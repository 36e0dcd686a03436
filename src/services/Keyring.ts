import { Effect, Schema } from "effect"
import { firstCodePoints } from "../text/codePoints.ts"
import { DecryptionRefused, type Vault } from "./Vault.ts"

/** A keyring's name becomes part of an address or of a path in some vaults, so only a plain name is one. */
export class KeyringRefused extends Schema.TaggedError<KeyringRefused>()("KeyringRefused", {
  keyring: Schema.String
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `${JSON.stringify(firstCodePoints(this.keyring, 100))} is not the name of a keyring: letters, digits, "_" and inner "-", at most 255`
  }
}

/** What workspace and environment ids look like, and what every vault takes as the name of a key. */
const isKeyring = (name: string): boolean => /^\w([\w-]{0,253}\w)?$/.test(name)

/**
 * The vault behind a check of names. To encrypt under another name is a mistake of the caller, a defect; a ciphertext
 * of such a keyring cannot exist.
 */
export const withCheckedKeyrings = (vault: Vault["Type"]): Vault["Type"] => ({
  encrypt: (keyring, plaintext, purpose) =>
    isKeyring(keyring) ? vault.encrypt(keyring, plaintext, purpose) : Effect.die(new KeyringRefused({ keyring })),
  decrypt: (keyring, ciphertext, purpose) =>
    isKeyring(keyring) ? vault.decrypt(keyring, ciphertext, purpose) : new DecryptionRefused({ keyring }),
  check: vault.check,
  bindsPurpose: vault.bindsPurpose
})
