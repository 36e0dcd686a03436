import { assert, describe, it } from "@effect/vitest"
import { decideStart, type StartSnapshot } from "../../../src/workflows/certificate/decideStart.ts"
import type { DomainView, Issuance } from "../../../src/workflows/certificate/issuance.ts"
import { verifyCertificate } from "../../../src/workflows/certificate/verifyCertificate.ts"
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

  it("leaves an issuance alone that waits, and takes one up that nobody goes on with", () => {
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

  it("waits for the back-off of a failure unless somebody set the challenge back", () => {
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
  const ordered = { names: [name], isForKey: true, currentNotAfter: now + day, isForced: false, now }

  it("is used when it is for the key and the names, valid, and lasts longer than the current one", () => {
    assert.strictEqual(verifyCertificate(facts, ordered), "Good")
    assert.strictEqual(verifyCertificate(facts, { ...ordered, currentNotAfter: null }), "Good")
  })

  it("is not used when it is for another key, for other names, or has expired", () => {
    const isFlawed = (verdict: ReturnType<typeof verifyCertificate>) => assert.isObject(verdict)
    isFlawed(verifyCertificate(facts, { ...ordered, isForKey: false }))
    isFlawed(verifyCertificate({ ...facts, names: [name, "x.test"] }, ordered))
    isFlawed(verifyCertificate({ ...facts, names: ["x.test"] }, ordered))
    isFlawed(verifyCertificate({ ...facts, notAfter: now }, ordered))
  })

  it("leaves one alone that lasts as long, unless a person forced it", () => {
    const current = { ...ordered, currentNotAfter: facts.notAfter }
    assert.strictEqual(verifyCertificate(facts, current), "Superseded")
    assert.strictEqual(verifyCertificate(facts, { ...current, isForced: true }), "Good")
  })
})
