import { Context, type Effect, type Redacted, Schema } from "effect"
import type { DomainName } from "../../names/DomainName.ts"

/** The text is not a chain of X.509 certificates in PEM. Class: needs an operator. */
export class NotACertificate extends Schema.TaggedError<NotACertificate>()("NotACertificate", {
  problem: Schema.String
}) {
  override get message(): string {
    return `not a certificate: ${this.problem}`
  }
}

/** Properties of the first certificate of a chain. */
export const CertificateFacts = Schema.Struct({
  /** DNS names of the subject alternative name, lower case, sorted. */
  names: Schema.Array(Schema.String),
  /** Unix milliseconds. */
  notBefore: Schema.Number,
  /** Unix milliseconds. */
  notAfter: Schema.Number,
  /** Upper-case hexadecimal. */
  serial: Schema.String,
  /** RFC 9773 section 4.1; null if the certificate has no authority key identifier. */
  certificateId: Schema.NullOr(Schema.String)
})
export type CertificateFacts = typeof CertificateFacts.Type

/** Keys, signing requests and certificates. Local computation without I/O. */
export class Pki extends Context.Tag("ctrl-worker/Pki")<
  Pki,
  {
    /** A P-256 key as `EC PRIVATE KEY` (SEC 1), the format of existing account keys. */
    readonly generateAccountKey: Effect.Effect<Redacted.Redacted>
    /** An RSA-2048 key as `RSA PRIVATE KEY` (PKCS#1). */
    readonly generateCertificateKey: Effect.Effect<Redacted.Redacted>
    /** A PKCS#10 request in PEM for exactly these names. The common name is set if the first has at most 64 characters. */
    readonly createCsr: (key: Redacted.Redacted, names: ReadonlyArray<DomainName>) => Effect.Effect<string>
    readonly inspect: (chain: string) => Effect.Effect<CertificateFacts, NotACertificate>
    /** Whether the chain's first certificate belongs to this key. */
    readonly matches: (chain: string, key: Redacted.Redacted) => Effect.Effect<boolean, NotACertificate>
  }
>() {}
