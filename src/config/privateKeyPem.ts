import { createPrivateKey } from "node:crypto"
import { Either } from "effect"
import type { Kind } from "./Setting.ts"

const accepts = "an RSA key in PEM, without a passphrase"

/** Line breaks as environment variables contain them: escaped as `\n` or `\r\n`, or with carriage returns. */
const lines = (text: string): string =>
  text
    .trim()
    .replace(/^(["'])([\s\S]*)\1$/, "$2")
    .replaceAll(/\\r\\n|\\n|\\r|\r\n|\r/g, "\n")
    .trim()

/** RFC 7468 section 2: encapsulation boundaries. */
const isPem = (text: string): boolean => /^-----BEGIN [A-Z0-9 ]+-----\n[\s\S]+\n-----END [A-Z0-9 ]+-----$/.test(text)

const isRsa = (pem: string): boolean =>
  Either.getOrElse(
    Either.try(() => createPrivateKey(pem).asymmetricKeyType === "rsa"),
    () => false
  )

/**
 * The private key of a GitHub App, which signs with RS256: PKCS#1 or PKCS#8 in PEM. Removes surrounding quotes and
 * unescapes line breaks. The error quotes nothing of it.
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
