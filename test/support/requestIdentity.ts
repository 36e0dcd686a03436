import { generateKeyPairSync, type KeyObject, sign } from "node:crypto"

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

const base58 = (bytes: Buffer): string => {
  let text = ""
  for (let rest = BigInt(`0x${bytes.toString("hex")}`); rest > 0n; rest /= 58n)
    text = alphabet.charAt(Number(rest % 58n)) + text
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return alphabet.charAt(0).repeat(zeros) + text
}

/** An Ed25519 public key ends its DER form with its 32 bytes. */
const keyBytes = 32

export interface IdentityKey {
  readonly privateKey: KeyObject
  /** The key as the worker's setting has it: `publickeyv1_` and the key in base58. */
  readonly publicKey: string
}

/** A key with which a Restate server signs its requests. */
export const makeIdentityKey = (): IdentityKey => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-keyBytes)
  return { privateKey, publicKey: `publickeyv1_${base58(raw)}` }
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** Overrides of Restate's token claims. Times in seconds from now. */
export interface TokenOptions {
  readonly notBefore?: number
  readonly expires?: number
}

/** The headers of Restate's scheme v1: a JWT (RFC 7519) of the path and a minute's validity, signed with EdDSA (RFC 8037). */
export const identityHeaders = (
  { privateKey, publicKey }: IdentityKey,
  path: string,
  { expires = 60, notBefore = -60 }: TokenOptions = {}
): Readonly<Record<string, string>> => {
  const now = Math.floor(Date.now() / 1000)
  const head = base64url({ typ: "JWT", alg: "EdDSA", kid: publicKey })
  const claims = base64url({ aud: path, nbf: now + notBefore, iat: now, exp: now + expires })
  const signature = sign(null, Buffer.from(`${head}.${claims}`), privateKey).toString("base64url")
  return { "x-restate-signature-scheme": "v1", "x-restate-jwt-v1": `${head}.${claims}.${signature}` }
}
