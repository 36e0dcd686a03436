import { generateKeyPairSync } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { privateKeyPem } from "../../src/config/privateKeyPem.ts"

const rsa = (type: "pkcs1" | "pkcs8") =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type, format: "pem" }
  }).privateKey

const [pkcs1, pkcs8] = [rsa("pkcs1"), rsa("pkcs8")]

const elliptic = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" }
}).privateKey

const encrypted = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "hunter2" }
}).privateKey

const spoilt: Readonly<Record<string, (pem: string) => string>> = {
  "as it is": (pem) => pem,
  "without its last line break": (pem) => pem.trimEnd(),
  "with the carriage returns of Windows": (pem) => pem.replaceAll("\n", "\r\n"),
  "with \\n written out": (pem) => pem.replaceAll("\n", "\\n"),
  "with \\r\\n written out": (pem) => pem.replaceAll("\n", "\\r\\n"),
  "in quotes, with \\n written out": (pem) => `"${pem.replaceAll("\n", "\\n")}"`,
  "with line breaks around it": (pem) => `\n\n${pem}\n\n`
}

const refused: ReadonlyArray<readonly [what: string, text: string, problem: string]> = [
  ["an empty text", "", "the key is not a PEM"],
  ["a text", "s3cret", "the key is not a PEM"],
  ["the key's body alone", pkcs1.split("\n").slice(1, -2).join("\n"), "the key is not a PEM"],
  ["half a key", pkcs1.slice(0, 200), "the key is not a PEM"],
  [
    "a key whose body is damaged",
    pkcs1.replace(/\n[A-Za-z0-9+/]{64}\n/, "\n"),
    "the key is a PEM, but not an RSA key in PEM, without a passphrase"
  ],
  ["a key of another kind", elliptic, "the key is a PEM, but not an RSA key in PEM, without a passphrase"],
  ["a key with a passphrase", encrypted, "the key is a PEM, but not an RSA key in PEM, without a passphrase"]
]

describe("the App's private key", () => {
  for (const [how, spoil] of Object.entries(spoilt))
    it(`is read ${how}`, () => {
      assert.deepStrictEqual(privateKeyPem.decode(spoil(pkcs1)), Either.right(pkcs1))
      assert.deepStrictEqual(privateKeyPem.decode(spoil(pkcs8)), Either.right(pkcs8))
    })

  for (const [what, text, problem] of refused)
    it(`is refused at the start when it is ${what}, and nothing of it is quoted`, () =>
      assert.deepStrictEqual(privateKeyPem.decode(text), Either.left(problem)))
})
