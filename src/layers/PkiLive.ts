import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from "node:crypto"
import type * as x509 from "@peculiar/x509"
import { Effect, Layer, Redacted } from "effect"
import type { DomainName } from "../names/DomainName.ts"
import { type CertificateFacts, NotACertificate, Pki } from "../services/certificate/Pki.ts"

/** RFC 5280 appendix A.1, ub-common-name. */
const longestCommonName = 64

/** Runs in libuv's thread pool: generating an RSA key takes up to a second and would block the event loop. */
const generated = (generate: (done: (error: Error | null, publicKey: string, privateKey: string) => void) => void) =>
  Effect.async<Redacted.Redacted>((resume) =>
    generate((error, _, privateKey) =>
      resume(error === null ? Effect.succeed(Redacted.make(privateKey)) : Effect.die(error))
    )
  )

const publicKeyEncoding = { type: "spki", format: "pem" } as const

const generateAccountKey = generated((done) =>
  generateKeyPair(
    "ec",
    { namedCurve: "P-256", publicKeyEncoding, privateKeyEncoding: { type: "sec1", format: "pem" } },
    done
  )
)

const generateCertificateKey = generated((done) =>
  generateKeyPair(
    "rsa",
    { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding: { type: "pkcs1", format: "pem" } },
    done
  )
)

/** An unreadable key was damaged in storage: a defect, whose message must not quote it. */
const readable = (key: Redacted.Redacted): Effect.Effect<KeyObject> =>
  Effect.try(() => createPrivateKey(Redacted.value(key))).pipe(
    Effect.orDieWith(() => new TypeError("the certificate's key is not a private key in PEM"))
  )

const createCsr = (key: Redacted.Redacted, names: ReadonlyArray<DomainName>) =>
  Effect.gen(function* () {
    // The only format that acme-client signs with.
    const pkcs8 = (yield* readable(key)).export({ type: "pkcs8", format: "pem" })
    const [commonName] = names
    const subject = commonName !== undefined && commonName.length <= longestCommonName && { commonName }
    const [, csr] = yield* Effect.promise(async () => {
      const { crypto } = (await import("acme-client")).default
      return crypto.createCsr({ altNames: [...names], ...subject }, pkcs8)
    })
    return csr.toString()
  })

const reading = <A>(problem: string, read: () => A): Effect.Effect<A, NotACertificate> =>
  Effect.try({ try: read, catch: () => new NotACertificate({ problem }) })

type X509 = (typeof x509)["default"]

const dnsNames = (
  { SubjectAlternativeNameExtension }: X509,
  certificate: x509.X509Certificate
): ReadonlyArray<string> =>
  (certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [])
    .filter(({ type }) => type === "dns")
    .map(({ value }) => value.toLowerCase())
    .sort()

/** The content octets of the serial number in DER: a leading 1 bit needs a zero octet before it. */
const serialOctets = (serial: string): Buffer => {
  const octets = Buffer.from(serial.length % 2 === 0 ? serial : `0${serial}`, "hex")
  return (octets[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets
}

const certificateId = ({ AuthorityKeyIdentifierExtension }: X509, certificate: x509.X509Certificate): string | null => {
  const authority = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId
  if (authority === undefined) return null
  const serial = serialOctets(certificate.serialNumber)
  return `${Buffer.from(authority, "hex").toString("base64url")}.${serial.toString("base64url")}`
}

const factsOf = (library: X509, chain: string): CertificateFacts => {
  const certificate = new library.X509Certificate(library.PemConverter.decodeFirst(chain))
  return {
    names: dnsNames(library, certificate),
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
    serial: certificate.serialNumber.toUpperCase(),
    certificateId: certificateId(library, certificate)
  }
}

const matches = (chain: string, key: Redacted.Redacted) =>
  Effect.gen(function* () {
    const certificate = yield* reading("the first certificate cannot be read", () => new X509Certificate(chain))
    return certificate.checkPrivateKey(yield* readable(key))
  })

/**
 * Keys from node:crypto, requests from acme-client, certificates from @peculiar/x509, a dependency of acme-client. Each
 * library is loaded when it is first used.
 */
export const PkiLive: Layer.Layer<Pki> = Layer.effect(
  Pki,
  Effect.gen(function* () {
    // In the bundle a CommonJS module that is loaded in this way has its default export only. Uninterruptible: what an
    // interrupted load leaves would be cached too.
    const load = Effect.promise(async () => (await import("@peculiar/x509")).default)
    const library = yield* Effect.cached(Effect.uninterruptible(load))
    return Pki.of({
      generateAccountKey,
      generateCertificateKey,
      createCsr,
      inspect: (chain) =>
        Effect.flatMap(library, (x509) => reading("the first certificate cannot be read", () => factsOf(x509, chain))),
      matches
    })
  })
)
