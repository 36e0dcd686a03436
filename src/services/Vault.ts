import { Context, type Effect, type Redacted, Schema } from "effect"
import type { Purpose } from "./Purpose.ts"

/**
 * The vault did not do its part: away, sealed, or it does not accept who we are. Class: retry, because the same call
 * succeeds once that is repaired. Carries nothing of what was to be encrypted or decrypted.
 */
export class VaultUnavailable extends Schema.TaggedError<VaultUnavailable>()("VaultUnavailable", {
  operation: Schema.Literal("login", "encrypt", "decrypt", "check"),
  reason: Schema.Literal("unreachable", "timeout", "unavailable", "denied", "unexpected-answer"),
  status: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `vault ${this.operation}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

/**
 * The ciphertext is not one of this keyring, is bound to another purpose, or is damaged. Class: needs a person, because no repetition decrypts it.
 */
export class DecryptionRefused extends Schema.TaggedError<DecryptionRefused>()("DecryptionRefused", {
  keyring: Schema.String
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `a ciphertext of keyring ${this.keyring} cannot be decrypted: it belongs to another keyring, vault or row, or is damaged`
  }
}

/**
 * Encrypts what others may store. A keyring comes into being with its first encryption. Ciphertexts are opaque text that
 * names its key, so they stay readable when keys rotate; encrypting twice gives two different ones. All of it is safe to repeat.
 *
 * Where the vault can, a ciphertext is bound to its purpose and refused for another one. A ciphertext that was written
 * without one, by an earlier version or by another writer, says so by its form, and is decrypted for each purpose.
 */
export class Vault extends Context.Tag("ctrl-worker/Vault")<
  Vault,
  {
    readonly encrypt: (
      keyring: string,
      plaintext: Redacted.Redacted,
      purpose: Purpose
    ) => Effect.Effect<string, VaultUnavailable>
    readonly decrypt: (
      keyring: string,
      ciphertext: string,
      purpose: Purpose
    ) => Effect.Effect<Redacted.Redacted, VaultUnavailable | DecryptionRefused>
    /** Succeeds while the vault answers, is unsealed and accepts us. */
    readonly check: Effect.Effect<void, VaultUnavailable>
    /** Whether a ciphertext is bound to its purpose. A server is put to the test, under a keyring of its own. */
    readonly bindsPurpose: Effect.Effect<boolean, VaultUnavailable>
  }
>() {}
