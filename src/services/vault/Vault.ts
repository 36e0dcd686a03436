import { Context, type Effect, type Redacted, Schema } from "effect"
import type { Purpose } from "./Purpose.ts"

/**
 * The vault is unavailable, sealed, or rejects this worker's credentials. Class: retry, because the call succeeds once that is
 * repaired. Carries no plaintext or ciphertext.
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
 * The ciphertext belongs to another keyring or purpose, or is damaged. Class: needs an operator, because a repeat cannot
 * decrypt it.
 */
export class DecryptionRefused extends Schema.TaggedError<DecryptionRefused>()("DecryptionRefused", {
  keyring: Schema.String
}) {
  override get message(): string {
    return `a ciphertext of keyring ${this.keyring} cannot be decrypted: it belongs to another keyring, vault or row, or is damaged`
  }
}

/**
 * Encrypts secrets for storage elsewhere. The first encryption creates the keyring. Ciphertexts are opaque and name their key,
 * so they survive key rotation; encrypting twice gives different ciphertexts. Safe to repeat.
 *
 * If the vault supports it, a ciphertext is bound to its purpose and rejected for another one. The form of a ciphertext shows
 * whether it is bound; an unbound one, of an earlier version or another writer, decrypts for any purpose.
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
    /** Succeeds if the vault is unsealed and accepts the credentials. */
    readonly check: Effect.Effect<void, VaultUnavailable>
    /** Whether new ciphertexts are bound to their purpose. Tested on the server, under a dedicated keyring. */
    readonly bindsPurpose: Effect.Effect<boolean, VaultUnavailable>
  }
>() {}
