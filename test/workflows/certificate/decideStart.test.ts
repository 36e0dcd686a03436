import { assert, describe, it } from "@effect/vitest"
import { concurrentCertificate } from "../../../src/workflows/certificate/collect/collect.ts"
import { verifyCertificate } from "../../../src/workflows/certificate/collect/verifyCertificate.ts"
import { decideStart, type StartSnapshot } from "../../../src/workflows/certificate/decide/decideStart.ts"
import type { DomainView, Issuance } from "../../../src/workflows/certificate/issuance.ts"
import { named } from "../../support/named.ts"

const hour = 3_600_000
const day = 24 * hour
const now = Date.UTC(2030, 0, 1)
const name = named("shop.example.com")

const facts = {
  names: [name],
  notBefore: now - day,
  notAfter: now + 89 * day,
  serial: "01",
  certificateId: "aki.01"
}
const certificate = { id: "cert_1", workspaceId: "ws", digest: "digest", facts }
const domain: DomainView = { id: "dom", workspaceId: "ws", name, status: "verified", hasRoute: true, certificate }
const issuance: Issuance = {
  domainId: "dom",
  workspaceId: "ws",
  nonce: "n",
  resumeAt: now + hour,
  kind: "first",
  isForced: false,
  replaces: null,
  encryptedKey: null,
  orderUrl: null,
  record: null,
  answeredAt: null,
  finalizedAt: null,
  attempts: 0
}
const start = (more: Partial<StartSnapshot> = {}, view: Partial<DomainView> = {}) =>
  decideStart({
    domain: { ...domain, ...view },
    issuance: null,
    issued: [],
    failures: null,
    purpose: { _tag: "Wanted" },
    settings: { isEnabled: true, hasDnsProvider: true },
    now,
    ...more
  })._tag

describe("a request for a certificate", () => {
  it("[W17] does nothing while a good certificate stands there, even without a CA", () => {
    assert.strictEqual(start(), "Satisfied")
    assert.strictEqual(start({ settings: { isEnabled: false, hasDnsProvider: false } }), "Satisfied")
  })

  it("begins when the certificate is missing, due, unreadable, of another name, or of another workspace", () => {
    const none = (view: Partial<DomainView>) => assert.strictEqual(start({}, view), "Begin")
    none({ certificate: null })
    none({ certificate: { ...certificate, facts: { ...facts, notAfter: now + day } } })
    none({ certificate: { ...certificate, facts: null } })
    none({ certificate: { ...certificate, facts: { ...facts, names: ["other.example.com"] } } })
    none({ certificate: { ...certificate, workspaceId: "ws_before" } })
  })

  it("[W17] replaces exactly the certificate it was asked to replace", () => {
    assert.strictEqual(start({ purpose: { _tag: "Renewal", serial: "01" } }), "Begin")
    assert.strictEqual(start({ purpose: { _tag: "Renewal", serial: "00" } }), "Satisfied")
  })

  it("leaves an issuance alone that waits, and takes one up that was abandoned", () => {
    assert.strictEqual(start({ issuance }), "UnderWay")
    assert.strictEqual(start({ issuance: { ...issuance, resumeAt: now } }), "Resume")
  })

  it("[W46] is refused without a CA, and for a wildcard without a DNS provider", () => {
    const off = { isEnabled: false, hasDnsProvider: true }
    assert.strictEqual(start({ settings: off }, { certificate: null }), "Unavailable")
    const noDns = { isEnabled: true, hasDnsProvider: false }
    assert.strictEqual(start({ settings: noDns }, { certificate: null }), "Begin")
    assert.strictEqual(start({ settings: noDns }, { certificate: null, name: named("*.example.com") }), "Unavailable")
  })

  it("waits for the back-off of a failure unless the challenge was set back", () => {
    const failures = { count: 2, at: now - hour, nonce: "n" }
    assert.strictEqual(start({ failures }, { certificate: null, status: "failed" }), "BackingOff")
    assert.strictEqual(start({ failures }, { certificate: null, status: "waiting" }), "Begin")
    assert.strictEqual(
      start({ failures: { ...failures, at: now - 2 * hour } }, { certificate: null, status: "failed" }),
      "Begin"
    )
  })

  it("is held back after two certificates of a day, unless a person forces it", () => {
    const issued = [now - 2 * hour, now - hour]
    assert.strictEqual(start({ issued }, { certificate: null }), "Guarded")
    assert.strictEqual(start({ issued, purpose: { _tag: "Forced" } }), "Begin")
  })
})

describe("a certificate from the CA", () => {
  const ordered = { names: [name], isForKey: true, now }

  it("is used when it is for the key and the names, and valid, however soon it ends", () => {
    assert.isNull(verifyCertificate(facts, ordered))
    assert.isNull(verifyCertificate({ ...facts, notAfter: now + 1 }, ordered))
  })

  it("is not used when it is for another key, for other names, or has expired", () => {
    assert.isString(verifyCertificate(facts, { ...ordered, isForKey: false }))
    assert.isString(verifyCertificate({ ...facts, names: [name, "x.test"] }, ordered))
    assert.isString(verifyCertificate({ ...facts, names: ["x.test"] }, ordered))
    assert.isString(verifyCertificate({ ...facts, notAfter: now }, ordered))
  })

  it("replaces the one that stood there at the beginning, which may last longer, and no other that is good", () => {
    const begun = { isForced: false, supersedes: certificate.digest }
    const another = { ...begun, supersedes: "an older digest" }
    const due = { ...certificate, facts: { ...facts, notBefore: now - 80 * day, notAfter: now + 10 * day } }
    assert.isNull(concurrentCertificate(domain, begun, now))
    assert.strictEqual(concurrentCertificate(domain, another, now)?.id, certificate.id)
    assert.strictEqual(concurrentCertificate(domain, { ...begun, supersedes: null }, now)?.id, certificate.id)
    assert.isNull(concurrentCertificate({ ...domain, certificate: due }, another, now))
    assert.isNull(concurrentCertificate({ ...domain, workspaceId: "another" }, another, now))
    assert.isNull(concurrentCertificate({ ...domain, certificate: null }, another, now))
    assert.isNull(concurrentCertificate(domain, { ...another, isForced: true }, now))
    // Begun by an earlier version, which did not write down what stood there.
    assert.isNull(concurrentCertificate(domain, { isForced: false }, now))
  })
})
