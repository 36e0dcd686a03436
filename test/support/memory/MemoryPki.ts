import { Effect, Layer, Redacted, Schema } from "effect"
import { CertificateFacts, NotACertificate, Pki } from "../../../src/services/certificate/Pki.ts"

/** The first line of every key, for finding leaked keys. */
export const keyMarker = "-----BEGIN MEMORY PRIVATE KEY-----"

const Signed = Schema.parseJson(Schema.Struct({ names: Schema.Array(Schema.String), key: Schema.String }))
const Issued = Schema.parseJson(Schema.Struct({ facts: CertificateFacts, key: Schema.String }))

/** The n-th key of a kind. */
export const memoryKey = (kind: "account" | "certificate", nth = 0): Redacted.Redacted =>
  Redacted.make(`${keyMarker}\nprivate-${kind}-${nth}\n`)

/** Represents the public key. Reveals nothing of the private key. */
export const publicKeyOf = (key: Redacted.Redacted): string => `public:${Redacted.value(key).length}:${tail(key)}`
const tail = (key: Redacted.Redacted) => Redacted.value(key).split("\n")[1]?.replace("private-", "") ?? ""

export const readCsr = Schema.decodeUnknown(Signed)
export const writeChain = (facts: CertificateFacts, key: string): string => Schema.encodeSync(Issued)({ facts, key })

const read = (chain: string) =>
  Effect.mapError(
    Schema.decodeUnknown(Issued)(chain),
    () => new NotACertificate({ problem: "the text is no certificate" })
  )

export interface MemoryPkiOptions {
  /** Makes every key unique. By default all are equal, so that two runs of a story write the same rows. */
  readonly freshKeys?: boolean
}

/** Keys, requests and certificates as readable text: a certificate contains its properties and public key. */
export const memoryPki = ({ freshKeys = false }: MemoryPkiOptions = {}) =>
  Layer.sync(Pki, () => {
    let made = 0
    const generate = (kind: "account" | "certificate") => Effect.sync(() => memoryKey(kind, freshKeys ? ++made : 0))
    return Pki.of({
      generateAccountKey: generate("account"),
      generateCertificateKey: generate("certificate"),
      createCsr: (key, names) =>
        Effect.succeed(Schema.encodeSync(Signed)({ names: [...names].sort(), key: publicKeyOf(key) })),
      inspect: (chain) => Effect.map(read(chain), ({ facts }) => facts),
      matches: (chain, key) => Effect.map(read(chain), (issued) => issued.key === publicKeyOf(key))
    })
  })

export const factsOf = (chain: string) => Schema.decodeUnknown(Issued)(chain)
