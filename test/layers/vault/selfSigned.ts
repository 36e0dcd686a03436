import { webcrypto } from "node:crypto"
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509"
import { Effect } from "effect"

/** A key and a self-signed certificate in PEM, for a server on this address. */
export const selfSigned = (ip: string): Effect.Effect<{ readonly key: string; readonly cert: string }> =>
  Effect.promise(async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${ip}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: ip }])]
    })
    const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY")
    return { key, cert: certificate.toString("pem") }
  })
