import { Effect } from "effect"
import { infrastructureWorkspace } from "../../../src/services/certificate/CertificateStore.ts"
import type { CertificateFacts } from "../../../src/services/certificate/Pki.ts"
import { memoryKey, publicKeyOf, writeChain } from "./MemoryPki.ts"
import { namesOf, seedCustomDomain, seededAt, seedRoute } from "./seeds.ts"
import type { Tables } from "./Tables.ts"
import { World } from "./World.ts"

/** The id of a seeded domain: `dom_` and its name. */
export const domainId = (domain: string) => `dom_${domain}`

/** A verified domain of a seeded project, without a challenge. The project itself need not exist. */
export const seedDomain = (domain: string, columns: Partial<Tables["custom_domains"]> = {}, project = "shop") =>
  seedCustomDomain(project, domain, {
    challenge_type: domain.startsWith("*.") ? "DNS-01" : "HTTP-01",
    verification_status: "verified",
    ownership_verified: true,
    cname_verified: true,
    ...columns
  })

export const seedChallenge = Effect.fnUntraced(function* (
  domain: string,
  columns: Partial<Tables["acme_challenges"]> = {}
) {
  yield* (yield* World).insert("acme_challenges", {
    domain_id: domainId(domain),
    workspace_id: namesOf("shop").workspaceId,
    token: "",
    challenge_type: domain.startsWith("*.") ? "DNS-01" : "HTTP-01",
    authorization: "",
    status: "waiting",
    expires_at: seededAt + 30 * 86_400_000,
    created_at: seededAt,
    updated_at: null,
    ...columns
  })
})

/** A domain as its verification leaves it: route first, then a waiting challenge. */
export const seedVerifiedDomain = Effect.fnUntraced(function* (domain: string) {
  yield* seedDomain(domain)
  yield* seedRoute("shop", domain, { sticky: "live" })
  yield* seedChallenge(domain)
})

/** A wildcard of the platform, as the control API or the renewal creates it. */
export const seedPlatformWildcard = Effect.fnUntraced(function* (domain: string) {
  const owner = { workspace_id: infrastructureWorkspace }
  yield* seedDomain(domain, {
    ...owner,
    project_id: infrastructureWorkspace,
    environment_id: infrastructureWorkspace,
    verification_token: ""
  })
  yield* seedChallenge(domain, owner)
})

/** The properties of a seeded certificate. */
export const seededFacts = (domain: string, notBefore: number, notAfter: number): CertificateFacts => {
  const serial = `SEEDED-${domain}`
  return { names: [domain], notBefore, notAfter, serial, certificateId: `other.${serial}` }
}

/** A certificate issued to another worker: its validity in Unix milliseconds, for the key that all test keys equal. */
export const seedCertificate = Effect.fnUntraced(function* (domain: string, notBefore: number, notAfter: number) {
  const facts = seededFacts(domain, notBefore, notAfter)
  const { workspaceId } = namesOf("shop")
  yield* (yield* World).insert("certificates", {
    id: `cert_${domain}`,
    workspace_id: workspaceId,
    hostname: domain,
    certificate: writeChain(facts, publicKeyOf(memoryKey("certificate"))),
    encrypted_private_key: "another worker's",
    created_at: seededAt,
    updated_at: null
  })
})

/** A domain in use: route, verified challenge and certificate. */
export const seedCertified = Effect.fnUntraced(function* (domain: string, notBefore: number, notAfter: number) {
  yield* seedDomain(domain)
  yield* seedRoute("shop", domain, { sticky: "live" })
  yield* seedChallenge(domain, { status: "verified", expires_at: notAfter })
  yield* seedCertificate(domain, notBefore, notAfter)
})
