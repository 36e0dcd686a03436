import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { Option } from "effect"

interface TransitKey {
  readonly versions: ReadonlyArray<Buffer>
  /** Rejects ciphertexts of older versions. */
  readonly minDecryptionVersion: number
}

/** The transit engine's text of a 400. */
export type Refusal =
  | "encryption key not found"
  | "invalid ciphertext: no prefix"
  | "invalid ciphertext: could not decode base64"
  | "ciphertext or signature version is disallowed by policy (too old)"
  | "cipher: message authentication failed"

const algorithm = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

const seal = (key: Buffer, plaintext: Buffer, associated: Buffer): Buffer => {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(associated)
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

const unseal = (key: Buffer, sealed: Buffer, associated: Buffer): Option.Option<Buffer> =>
  Option.liftThrowable(() => {
    const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
    decipher.setAAD(associated).setAuthTag(sealed.subarray(-tagBytes))
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
  })()

/** The keys of one transit engine, with real encryption. Text is base64, as in the engine's API. */
export class TransitKeys {
  readonly #keys = new Map<string, TransitKey>()

  has(name: string): boolean {
    return this.#keys.has(name)
  }

  /** No effect if the key exists. */
  create(name: string): void {
    if (!this.has(name)) this.#keys.set(name, { versions: [randomBytes(32)], minDecryptionVersion: 1 })
  }

  rotate(name: string): void {
    const key = this.#keys.get(name)
    if (key !== undefined) this.#keys.set(name, { ...key, versions: [...key.versions, randomBytes(32)] })
  }

  retireOlderVersions(name: string): void {
    const key = this.#keys.get(name)
    if (key !== undefined) this.#keys.set(name, { ...key, minDecryptionVersion: key.versions.length })
  }

  encrypt(name: string, plaintext: string, associatedData = ""): string | undefined {
    const key = this.#keys.get(name)
    const latest = key?.versions.at(-1)
    return key === undefined || latest === undefined
      ? undefined
      : `vault:v${key.versions.length}:${seal(latest, Buffer.from(plaintext, "base64"), Buffer.from(associatedData, "base64")).toString("base64")}`
  }

  decrypt(
    name: string,
    ciphertext: string,
    associatedData = ""
  ): { readonly plaintext: string } | { readonly refusal: Refusal } {
    const key = this.#keys.get(name)
    if (key === undefined) return { refusal: "encryption key not found" }
    const [, version = "", body = ""] = /^vault:v(\d+):(.*)$/.exec(ciphertext) ?? []
    if (version === "") return { refusal: "invalid ciphertext: no prefix" }
    if (Number(version) < key.minDecryptionVersion)
      return { refusal: "ciphertext or signature version is disallowed by policy (too old)" }
    const sealed = Buffer.from(body, "base64")
    // Node accepts other alphabets and skips invalid characters; Vault accepts strict base64 only.
    if (sealed.toString("base64") !== body) return { refusal: "invalid ciphertext: could not decode base64" }
    const material = key.versions[Number(version) - 1]
    const opened =
      material === undefined ? Option.none<Buffer>() : unseal(material, sealed, Buffer.from(associatedData, "base64"))
    return Option.match(opened, {
      onNone: () => ({ refusal: "cipher: message authentication failed" }),
      onSome: (plaintext) => ({ plaintext: plaintext.toString("base64") })
    })
  }
}
