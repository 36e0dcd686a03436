import { Effect, type Redacted } from "effect"
import { isRefusal, type Transit } from "./transit.ts"

/**
 * Stands before a ciphertext that needs its associated data to be decrypted. The engine's own begin with `vault:`. To
 * take it off or to put it on does not help a writer of the row: the engine authenticates the data.
 */
const marker = "aad:v1:"

const another = "another"

/**
 * Vault before 1.13 ignores the field, as it does every field that it does not know: then the ciphertext is decrypted for
 * other data as well. So each new one is tried with other data, and bears the marker only when that was refused.
 */
const proven = (engine: Transit, keyring: string, ciphertext: string) =>
  engine.decrypt(keyring, ciphertext, another).pipe(
    Effect.as(ciphertext),
    Effect.catchIf(isRefusal, () => Effect.succeed(marker + ciphertext))
  )

export const isBound = (ciphertext: string): boolean => ciphertext.startsWith(marker)

/** A key that was made by others with another type than AES-GCM or ChaCha20-Poly1305 refuses the field: it encrypts without. */
export const encryptBound = (engine: Transit, keyring: string, plaintext: Redacted.Redacted, associated: string) =>
  engine.encrypt(keyring, plaintext, associated).pipe(
    Effect.flatMap((ciphertext) => proven(engine, keyring, ciphertext)),
    Effect.catchIf(isRefusal, () => engine.encrypt(keyring, plaintext)),
    Effect.tap((ciphertext) =>
      isBound(ciphertext)
        ? Effect.void
        : Effect.logWarning("The vault takes no associated data: a ciphertext is not bound to its row", { keyring })
    )
  )

/** With the associated data where the ciphertext says that it has some. */
export const decryptBound = (engine: Transit, keyring: string, ciphertext: string, associated: string) =>
  isBound(ciphertext)
    ? engine.decrypt(keyring, ciphertext.slice(marker.length), associated)
    : engine.decrypt(keyring, ciphertext)
