import { Clock, Effect, Schema } from "effect"
import { CertificateStore, SaveOutcome } from "../../../services/certificate/CertificateStore.ts"
import { CertificateFacts, Pki } from "../../../services/certificate/Pki.ts"
import { recordMetric } from "../../../services/Metrics.ts"
import { certificateKey } from "../../../services/vault/Purpose.ts"
import { logEvent } from "../../businessEvents.ts"
import { databaseStep } from "../../databaseStep.ts"
import { resourceId } from "../../identifiers.ts"
import { goodCertificate } from "../decide/decideStart.ts"
import type { DomainView, Issuance } from "../issuance.ts"
import { digestOf, loadDomain } from "../loadDomain.ts"
import { decryptKey, withAcmeAccount } from "../order/account.ts"
import { type Ordered, withKey } from "../order/order.ts"
import { IssuanceBlocked, problem } from "../problems.ts"
import { DomainGone } from "../prove/authorize.ts"
import { verifyCertificate } from "./verifyCertificate.ts"

/** Only a writer outside of this object's key can replace a certificate concurrently, so a few attempts are enough. */
const maxAttempts = 3

const Fetched = Schema.Struct({
  at: Schema.Number,
  chain: Schema.String,
  facts: CertificateFacts,
  isForKey: Schema.Boolean
})
type Fetched = typeof Fetched.Type

/** Safe to repeat: the CA returns the same certificate for the same order. */
const fetchCertificate = (domain: DomainView, { order }: Ordered, encryptedKey: string) =>
  databaseStep(
    "fetch-certificate",
    Effect.gen(function* () {
      const pki = yield* Pki
      const chain = yield* withAcmeAccount((acme, account) => acme.certificate(account, order))
      const key = yield* decryptKey(domain.workspaceId, encryptedKey, certificateKey(domain.name))
      const facts = yield* pki.inspect(chain)
      return { at: yield* Clock.currentTimeMillis, chain, facts, isForKey: yield* pki.matches(chain, key) }
    }).pipe(
      Effect.catchTag(
        "NotACertificate",
        (error) => new IssuanceBlocked({ problem: problem("badCertificate", error.message) })
      )
    ),
    { output: Fetched, error: IssuanceBlocked }
  )

/** Five attempts within about 15 s: a longer outage of the database must not hold the domain's key. */
const storeRetry = { maxAttempts: 5, initialInterval: "1 second", maxInterval: "5 seconds" } as const

/** Compare and set: replaces only the expected certificate. A certificate that is stored already counts as saved. */
const store = (domain: DomainView, issuance: Issuance, fetched: Fetched, encryptedKey: string) =>
  Effect.gen(function* () {
    const certificates = yield* CertificateStore
    const at = yield* Clock.currentTimeMillis
    const expected = domain.certificate?.digest ?? null
    const certificate = {
      id: resourceId("cert", domain.name),
      domainId: domain.id,
      chain: fetched.chain,
      encryptedKey,
      expiresAt: fetched.facts.notAfter,
      at
    }
    const recordStored = recordMetric({ _tag: "IssuanceEnded", kind: issuance.kind, outcome: "stored" })
    const logIssued = logEvent("certificate.issued", { kind: issuance.kind, expires_at: fetched.facts.notAfter })
    return yield* databaseStep(
      "store-certificate",
      certificates
        .save(certificate, (current) => (current === null ? null : digestOf(current)) === expected)
        .pipe(Effect.tap(({ _tag }) => (_tag === "Saved" ? Effect.zipRight(recordStored, logIssued) : Effect.void))),
      { output: SaveOutcome, retry: storeRetry }
    ).pipe(
      Effect.catchTags({
        StepFailed: ({ reason }) => new IssuanceBlocked({ problem: problem("notStored", reason) }),
        // The certificate was issued and counts towards the CA's limits: keep the order and retry after a back-off.
        DatabaseRefused: ({ message }) => new IssuanceBlocked({ problem: problem("notStored", message) })
      })
    )
  })

/**
 * A usable certificate that another writer stored after this issuance began; it satisfies the request. The certificate
 * from before the issuance never counts, however long it is valid: it is due, revoked, or to be replaced by request.
 */
export const concurrentCertificate = (
  domain: DomainView,
  { isForced, supersedes }: Pick<Issuance, "isForced" | "supersedes">,
  now: number
): { readonly id: string } | null => {
  const isAnother = supersedes !== undefined && domain.certificate?.digest !== supersedes
  return isAnother && !isForced ? goodCertificate(domain, now) : null
}

/** Downloads, verifies and stores the certificate. Answers with the id of the stored one. */
export const collect = (loaded: DomainView, ordered: Ordered) =>
  Effect.gen(function* () {
    const issuance = withKey(ordered.issuance)
    const { encryptedKey } = issuance
    const fetched = yield* fetchCertificate(loaded, ordered, encryptedKey)
    const { at, facts, isForKey } = fetched
    const flaw = verifyCertificate(facts, { names: [loaded.name], isForKey, now: at })
    if (flaw !== null) return yield* new IssuanceBlocked({ problem: problem("badCertificate", flaw) })
    let domain = loaded
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const other = concurrentCertificate(domain, issuance, at)
      if (other !== null) return other.id
      const saved = yield* store(domain, issuance, fetched, encryptedKey)
      if (saved._tag === "Saved") return saved.id
      const again = yield* loadDomain(domain.name)
      if (saved._tag === "Gone" || again.domain === null || again.domain.id !== domain.id)
        return yield* new DomainGone()
      domain = again.domain
    }
    return yield* new IssuanceBlocked({
      problem: problem("notStored", "another writer keeps replacing the certificate")
    })
  })
