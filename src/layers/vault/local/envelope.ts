import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { Option } from "effect"
import { associatedData, type Purpose } from "../../../services/vault/Purpose.ts"

/** A 256-bit key that wraps data keys, with the id that ciphertexts carry. */
export interface MasterKey {
  readonly id: string
  readonly key: Buffer
}

/** The keyring and purpose of a ciphertext. */
export interface Owner {
  readonly keyring: string
  readonly purpose: Purpose
}

/** Version 1 is bound to its keyring only: it is read but no longer written. */
type Version = "v1" | "v2"

/** The parts of a ciphertext. */
interface Envelope {
  readonly version: Version
  readonly masterKeyId: string
  readonly wrappedKey: Buffer
  readonly sealed: Buffer
}

const algorithm = "aes-256-gcm"
const keyBytes = 32
// NIST SP 800-38D: 96-bit nonce, 128-bit tag.
const nonceBytes = 12
const tagBytes = 16

/** Associated data: binds a part to its owner, version, master key and layer, so that it cannot be used elsewhere. */
const boundTo = (layer: "key" | "data", version: Version, { keyring, purpose }: Owner, masterKeyId: string): Buffer => {
  const prefix = `local:${version}:${layer}:${masterKeyId}:${keyring}`
  return Buffer.from(version === "v1" ? prefix : `${prefix}:${associatedData(purpose)}`)
}

const seal = (key: Buffer, aad: Buffer, data: Buffer): Buffer => {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(aad)
  const body = Buffer.concat([cipher.update(data), cipher.final()])
  return Buffer.concat([nonce, body, cipher.getAuthTag()])
}

const unseal = (key: Buffer, aad: Buffer, sealed: Buffer): Option.Option<Buffer> => {
  if (sealed.length < nonceBytes + tagBytes) return Option.none()
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(aad)
    .setAuthTag(sealed.subarray(-tagBytes))
  return Option.liftThrowable((body: Buffer) => Buffer.concat([decipher.update(body), decipher.final()]))(
    sealed.subarray(nonceBytes, -tagBytes)
  )
}

const text = (bytes: Buffer): string => bytes.toString("base64url")

const parse = (ciphertext: string): Option.Option<Envelope> => {
  const [scheme, version, masterKeyId = "", wrapped = "", body = "", ...rest] = ciphertext.split(":")
  const wrappedKey = Buffer.from(wrapped, "base64url")
  const sealed = Buffer.from(body, "base64url")
  // Accepts canonical base64url only: decoding ignores invalid characters.
  return scheme === "local" &&
    (version === "v1" || version === "v2") &&
    rest.length === 0 &&
    text(wrappedKey) === wrapped &&
    text(sealed) === body
    ? Option.some({ version, masterKeyId, wrappedKey, sealed })
    : Option.none()
}

/**
 * Envelope encryption: each ciphertext has its own data key, wrapped by the named master key. Nothing else is stored, and no
 * data key is reused. A master key can wrap up to 2^32 data keys with random nonces.
 */
export const encryptWith = (master: MasterKey, owner: Owner, plaintext: string): string => {
  const dataKey = randomBytes(keyBytes)
  const wrappedKey = seal(master.key, boundTo("key", "v2", owner, master.id), dataKey)
  const sealed = seal(dataKey, boundTo("data", "v2", owner, master.id), Buffer.from(plaintext))
  return `local:v2:${master.id}:${text(wrappedKey)}:${text(sealed)}`
}

/** None if no master key or another owner matches, or if any bit was changed. */
export const decryptWith = (
  masters: ReadonlyArray<MasterKey>,
  owner: Owner,
  ciphertext: string
): Option.Option<string> =>
  Option.gen(function* () {
    const { masterKeyId, sealed, version, wrappedKey } = yield* parse(ciphertext)
    const master = yield* Option.fromNullable(masters.find(({ id }) => id === masterKeyId))
    const dataKey = yield* unseal(master.key, boundTo("key", version, owner, masterKeyId), wrappedKey)
    const plaintext = yield* unseal(dataKey, boundTo("data", version, owner, masterKeyId), sealed)
    return plaintext.toString()
  })

export const newMasterKey = (): MasterKey => ({ id: randomBytes(6).toString("hex"), key: randomBytes(keyBytes) })
