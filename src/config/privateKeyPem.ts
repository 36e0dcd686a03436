import { createPrivateKey } from "node:crypto"
import { Either } from "effect"
import type { Kind } from "./Setting.ts"

const accepts = "an RSA key in PEM, without a passphrase"

/** Line breaks as environments spoil them: written out as `\n` or `\r\n`, or with the carriage returns of another system. */
const lines = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])([\s\S]*)\1$/, "$2")
    .replaceAll(/\\r\\n|\\n|\\r|\r\n|\r/g, "\n")
    .trim()

/** RFC 7468 section 2: the boundaries around what is encoded. */
const isPem = (text: string): boolean => /^-----BEGIN [A-Z0-9 ]+-----\n[\s\S]+\n-----END [A-Z0-9 ]+-----$/.test(text)

const isRsa = (pem: string): boolean =>
  Either.getOrElse(
    Either.try(() => createPrivateKey(pem).asymmetricKeyType === "rsa"),
    () => false
  )

/**
 * The private key of a GitHub App, which signs with RS256: PKCS#1 or PKCS#8 in PEM. Quotes around it and line breaks that
 * are written out are taken off. The failure quotes nothing of it.
 */
export const privateKeyPem: Kind<string> = {
  native: "string",
  accepts,
  decode: (value) => {
    const pem = lines(value)
    if (!isPem(pem)) return Either.left("the key is not a PEM")
    return isRsa(pem) ? Either.right(`${pem}\n`) : Either.left(`the key is a PEM, but not ${accepts}`)
  }
}
