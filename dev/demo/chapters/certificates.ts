import { createHash, X509Certificate } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Option, Schema } from "effect"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import { certificateKey } from "../../../src/services/vault/Purpose.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"
import type { SeededDomain } from "../../simulators/seedDomain.ts"
import type { CertificationParts } from "../../stack/Certification.ts"
import { findProgram } from "../../stack/Machine.ts"
import { RunDirectory } from "../../stack/RunDirectory.ts"
import { IngressClient } from "../IngressClient.ts"
import { good, missing, say, show } from "../narration.ts"
import { describeCertificate, publicKeyOfCertificate, publicKeyOfKey, verifyChain } from "../openssl.ts"
import { expect, expectBody, until } from "../StoryFailed.ts"

interface Stored {
  readonly workspaceId: string
  readonly chain: string
  readonly encryptedKey: string
}

const storedFor = (hostname: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [row] = yield* sql<Stored>`
      SELECT workspace_id AS workspaceId, certificate AS chain, encrypted_private_key AS encryptedKey
      FROM certificates WHERE hostname = ${hostname}`
    return row
  })

const certificatesIn = (chain: string): ReadonlyArray<string> =>
  chain.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []

const fingerprintOf = (publicKey: string): string => createHash("sha256").update(publicKey).digest("hex").slice(0, 32)

/** Public input of openssl: a root and a chain. */
const inFiles = (root: string, chain: string) =>
  Effect.gen(function* () {
    const folder = yield* (yield* RunDirectory).folderFor("certificate")
    const files = { root: join(folder, "root.pem"), chain: join(folder, "chain.pem") }
    yield* Effect.promise(() => writeFile(files.root, root))
    yield* Effect.promise(() => writeFile(files.chain, chain))
    return files
  })

/** Only the vault decrypts the stored key, and it belongs to the certificate. */
const checkKey = (hostname: string, { chain, encryptedKey, workspaceId }: Stored) =>
  Effect.gen(function* () {
    yield* expect(hostname, !encryptedKey.includes("PRIVATE KEY"), "its key is stored in the clear")
    const vault = yield* Vault
    const ofKey = yield* publicKeyOfKey(yield* vault.decrypt(workspaceId, encryptedKey, certificateKey(hostname)))
    const ofCertificate = yield* publicKeyOfCertificate(chain)
    yield* expect(hostname, ofKey === ofCertificate, "the certificate is for another key")
    yield* show(`stored key ${encryptedKey.slice(0, 20)}..., which only the vault opens`)
    yield* show(`public key of the certificate  sha256 ${fingerprintOf(ofCertificate)}`)
    yield* show(`public key of the opened key   sha256 ${fingerprintOf(ofKey)}`)
  })

/** openssl's verification of the stored certificate for a host. */
const inspect = (hostname: string, host: string, { authority }: CertificationParts) =>
  Effect.gen(function* () {
    const stored = yield* until(`certificate of ${hostname}`, storedFor(hostname), (row) => row !== undefined)
    if (stored === undefined) return
    const links = yield* Effect.forEach(certificatesIn(stored.chain), describeCertificate)
    const [root = ""] = yield* authority.roots
    yield* say(`The certificate of ${hostname}, as openssl sees it`, "checking the certificate")
    yield* Effect.forEach(links, ({ issuer, subject }) => show(`subject ${subject || "(none)"}, issuer ${issuer}`))
    yield* show(`names   ${new X509Certificate(stored.chain).subjectAltName}`)
    yield* show(`valid   from ${links[0]?.notBefore} to ${links[0]?.notAfter}`)
    const verdict = yield* verifyChain(stored.chain, host, yield* inFiles(root, stored.chain))
    yield* checkKey(hostname, stored)
    yield* good(`openssl verify, as a server named ${host}: ${verdict.replace(/^stdin: /, "")}; the keys match`)
  })

const Renewed = Schema.Struct({ certificatesChecked: Schema.Number, renewalsTriggered: Schema.Number })
const Issued = Schema.Struct({ status: Schema.String })

/** The daily renewal finds that the platform's own wildcard has no certificate. It would request one within the minute. */
const issueWildcard = Effect.fnUntraced(function* (wildcard: string) {
  const client = yield* IngressClient
  const renewal = { service: CertificateService, key: "global", handler: "RenewExpiringCertificates" } as const
  const found = yield* expectBody("daily look", yield* client.call(renewal), Renewed)
  yield* show(
    `The daily renewal checked ${found.certificatesChecked} host names and requested ${found.renewalsTriggered} certificates, spread over a minute.`
  )
  yield* show(`The demo does not wait that long: it requests ${wildcard} itself.`)
  const now = { service: CertificateService, key: wildcard, handler: "ProcessChallenge" } as const
  const reply = yield* client.call({ ...now, body: { domain: wildcard, workspaceId: "unkey_internal" } })
  const { status } = yield* expectBody(wildcard, reply, Issued)
  yield* expect(wildcard, status === "success", `answered ${reply.text}`)
})

const showHttpProof = (domain: SeededDomain, { frontline }: CertificationParts) =>
  Effect.gen(function* () {
    const asked = (yield* frontline.questions).filter(({ host }) => host === domain.name)
    const answered = asked.filter(({ outcome }) => outcome === "answered").length
    yield* expect(domain.name, answered > 0, "the authority never asked frontline")
    yield* show(`HTTP-01: frontline answered the authority ${answered} times under ${domain.name}`)
  })

const showDnsProof = (apex: string, { zones }: CertificationParts) =>
  Effect.gen(function* () {
    const record = `_acme-challenge.${apex}`
    const changes = (yield* zones.requests).filter((request) => /^POST .*\/rrset$/.test(request)).length
    const left = yield* zones.txt(record)
    yield* expect(record, changes >= 2 && left.length === 0, `${changes} changes, ${left.length} values left`)
    yield* show(`DNS-01: Route 53 took ${changes} changes of ${record}; no value is left there`)
  })

/** The domain's certificate over HTTP-01, requested automatically, and the platform's wildcard over DNS-01, both at once. */
export const certificates = Effect.fnUntraced(function* (
  domain: SeededDomain,
  apex: string,
  generatedHost: string,
  parts: CertificationParts
) {
  yield* say(
    `Two certificates are issued: ${domain.name} over HTTP-01, *.${apex} over DNS-01`,
    "the authority checks the host names and issues"
  )
  yield* Effect.all(
    [
      issueWildcard(`*.${apex}`),
      until(`certificate of ${domain.name}`, storedFor(domain.name), (row) => row !== undefined)
    ],
    { concurrency: "unbounded" }
  )
  yield* showHttpProof(domain, parts)
  yield* showDnsProof(apex, parts)
  if (Option.isNone(yield* findProgram("openssl")))
    return yield* missing("No openssl here: the chains and keys are not looked into.")
  yield* inspect(domain.name, domain.name, parts)
  yield* inspect(`*.${apex}`, generatedHost, parts)
})
