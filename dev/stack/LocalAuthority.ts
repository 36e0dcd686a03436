import type { webcrypto } from "node:crypto"
import * as x509 from "@peculiar/x509"
import { Effect } from "effect"

/** A TLS certificate for a server on this machine, and its trusted root. PEM. */
export interface LocalAuthority {
  /** The trusted root, whose key is discarded. */
  readonly root: string
  readonly certificate: string
  readonly key: string
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const day = 86_400_000

const keyPair = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])

const keyPem = async (key: webcrypto.CryptoKey) =>
  x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), x509.PemConverter.PrivateKeyTag)

const validity = () => ({ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 365 * day) })

/** A new root with a certificate for `localhost` and 127.0.0.1, so that the repository contains no key. */
export const localAuthority: Effect.Effect<LocalAuthority> = Effect.promise(async () => {
  const authority = await keyPair()
  const server = await keyPair()
  const name = "CN=test authority of this run"
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name,
    keys: authority,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)
    ]
  })
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(),
    subject: "CN=localhost",
    issuer: name,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" }
      ]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])
    ]
  })
  return { root: root.toString("pem"), certificate: certificate.toString("pem"), key: await keyPem(server.privateKey) }
})
