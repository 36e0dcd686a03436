import { Effect, type Redacted } from "effect"
import { isRefusal, type Transit } from "./transit.ts"

/**
 * Prefix of a ciphertext with associated data. The engine's own ciphertexts start with `vault:`. Adding or removing the prefix
 * gains an attacker nothing: the engine authenticates the data.
 */
const marker = "aad:v1:"

const another = "another"

/**
 * Vault before 1.13 ignores the field, like every unknown field, and would decrypt the ciphertext with other data. So each new
 * ciphertext is tested with other data, and gets the prefix only if that is rejected.
 */
const verified = (engine: Transit, keyring: string, ciphertext: string) =>
  engine.decrypt(keyring, ciphertext, another).pipe(
    Effect.as(ciphertext),
    Effect.catchIf(isRefusal, () => Effect.succeed(marker + ciphertext))
  )

export const isBound = (ciphertext: string): boolean => ciphertext.startsWith(marker)

/** A key of a type other than AES-GCM or ChaCha20-Poly1305, created by another tool, rejects the field: encrypts without it. */
export const encryptBound = (engine: Transit, keyring: string, plaintext: Redacted.Redacted, associated: string) =>
  engine.encrypt(keyring, plaintext, associated).pipe(
    Effect.flatMap((ciphertext) => verified(engine, keyring, ciphertext)),
    Effect.catchIf(isRefusal, () => engine.encrypt(keyring, plaintext)),
    Effect.tap((ciphertext) =>
      isBound(ciphertext)
        ? Effect.void
        : Effect.logWarning("The vault takes no associated data: a ciphertext is not bound to its row", { keyring })
    )
  )

/** Uses associated data if the ciphertext has the prefix. */
export const decryptBound = (engine: Transit, keyring: string, ciphertext: string, associated: string) =>
  isBound(ciphertext)
    ? engine.decrypt(keyring, ciphertext.slice(marker.length), associated)
    : engine.decrypt(keyring, ciphertext)
