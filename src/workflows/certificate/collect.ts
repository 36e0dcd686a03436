import { Clock, Effect, Schema } from "effect"
import { CertificateMetrics } from "../../services/CertificateMetrics.ts"
import { CertificateStore, SaveOutcome } from "../../services/CertificateStore.ts"
import { CertificateFacts, Pki } from "../../services/Pki.ts"
import { certificateKey } from "../../services/Purpose.ts"
import { databaseStep } from "../databaseStep.ts"
import { resourceId } from "../identifiers.ts"
import { decryptKey, withAcmeAccount } from "./account.ts"
import { DomainGone } from "./authorize.ts"
import { goodCertificate } from "./decideStart.ts"
import type { DomainView, Issuance } from "./issuance.ts"
import { digestOf, loadDomain } from "./loadDomain.ts"
import { type Ordered, withKey } from "./order.ts"
import { IssuanceBlocked, problem } from "./problems.ts"
import { verifyCertificate } from "./verifyCertificate.ts"

/** Only somebody who writes certificates without this object's key can change one under us, so a few looks are plenty. */
const maxAttempts = 3

const Fetched = Schema.Struct({
  at: Schema.Number,
  chain: Schema.String,
  facts: CertificateFacts,
  isForKey: Schema.Boolean
})
type Fetched = typeof Fetched.Type

/** Downloading is safe to repeat: the CA gives the same certificate for the same order. */
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

/** Five attempts within about 15 s; a database that refuses longer must not hold the domain's key. */
const storeRetry = { maxAttempts: 5, initialInterval: "1 second", maxInterval: "5 seconds" } as const

/** Replaces exactly the certificate that was compared with; the one it would be a repeat of counts as stored. */
const store = (domain: DomainView, issuance: Issuance, fetched: Fetched, encryptedKey: string) =>
  Effect.gen(function* () {
    const certificates = yield* CertificateStore
    const metrics = yield* CertificateMetrics
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
    return yield* databaseStep(
      "store-certificate",
      certificates
        .save(certificate, (current) => (current === null ? null : digestOf(current)) === expected)
        .pipe(Effect.tap(({ _tag }) => (_tag === "Saved" ? metrics.issuance(issuance.kind, "stored") : Effect.void))),
      { output: SaveOutcome, retry: storeRetry }
    ).pipe(
      Effect.catchTags({
        StepFailed: ({ reason }) => new IssuanceBlocked({ problem: problem("notStored", reason) }),
        // It was issued and counts at the CA: kept, and tried again after a person has had time to look.
        DatabaseRefused: ({ message }) => new IssuanceBlocked({ problem: problem("notStored", message) })
      })
    )
  })

/**
 * The certificate that another writer stored after this issuance began, when it is good: what was asked for stands there.
 * The one that stood there at the beginning never counts, however long it lasts: it is due, revoked, or a person wants
 * another.
 */
export const concurrentCertificate = (
  domain: DomainView,
  { isForced, supersedes }: Pick<Issuance, "isForced" | "supersedes">,
  now: number
): { readonly id: string } | null => {
  const isAnother = supersedes !== undefined && domain.certificate?.digest !== supersedes
  return isAnother && !isForced ? goodCertificate(domain, now) : null
}

/** Downloads the certificate, verifies and stores it. Answers with the id of the one that stands there afterwards. */
export const collect = (loaded: DomainView, ordered: Ordered) =>
  Effect.gen(function* () {
    const issuance = withKey(ordered.issuance)
    const { encryptedKey } = issuance
    const fetched = yield* fetchCertificate(loaded, ordered, encryptedKey)
    const { at, facts, isForKey } = fetched
    const flaw = verifyCertificate(facts, { names: [loaded.name], isForKey, now: at })
    if (flaw !== null) return yield* new IssuanceBlocked({ problem: problem("badCertificate", flaw) })
    let domain = loaded
    for (let looks = 0; looks < maxAttempts; looks++) {
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
