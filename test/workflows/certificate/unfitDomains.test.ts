import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import { infrastructureWorkspace } from "../../../src/services/certificate/CertificateStore.ts"
import { domainId, seedCertified, seedDomain, seedVerifiedDomain } from "../../support/memory/certificateSeeds.ts"
import { MemoryCa } from "../../support/memory/MemoryCa.ts"
import { namesOf } from "../../support/memory/seeds.ts"
import { named } from "../../support/named.ts"
import { advance, apex, ControlPlane } from "../../support/workflows/ControlPlane.ts"
import {
  certificateRow,
  onCertificates,
  processChallenge,
  renewAll,
  settled,
  startOfTime
} from "../../support/workflows/certificates.ts"
import { answerOf, rows } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

const day = 86_400_000
const emoji = Array.from({ length: 4 }, () => "\u{1f600}".repeat(50)).join(".")
const wildcard = named(`*.${apex}`)

/** Verified rows that no message and no CA takes, with what each says afterwards. */
const unfit: ReadonlyArray<readonly [stored: string, reason: string]> = [
  ["evil.com\u0000.victim.com", "letters, digits, hyphens and dots only"],
  ["a_b.example.com", "no underscore"],
  ["x".repeat(256), "more than 63 octets"],
  ["\u{1f600}".repeat(256), "unicode"],
  ["github.io", "public suffix"],
  [`shop.${apex}`, "the platform itself"],
  ["wide\u3002example.com", "another spelling of wide.example.com"]
]

const rowOf = (id: string) => Effect.map(rows, ({ custom_domains }) => custom_domains.find((row) => row.id === id))
const finalized = Effect.map(settled, ({ finalized: names }) => names)
const countsOf = (answer: Effect.Effect.Success<ReturnType<typeof renewAll>>) =>
  Option.getOrNull(Either.getRight(answer))

describe("rows that no certificate can be obtained for", () => {
  it.effect("cost themselves alone: the others of their page are renewed, and each says why", () =>
    Effect.gen(function* () {
      for (const [stored] of unfit) yield* seedDomain(stored, { id: `dom_${stored.slice(0, 20)}` })
      yield* seedDomain(emoji, { id: "dom_emoji" })
      yield* seedCertified("victim.example.com", startOfTime - 80 * day, startOfTime + 10 * day)
      const before = (yield* certificateRow("victim.example.com"))?.certificate
      const { engine } = yield* ControlPlane
      for (let run = 0; run < 2; run++) {
        assert.deepInclude(countsOf(yield* renewAll()), { failedDomains: [] })
        yield* engine.drain
        for (const [stored, reason] of unfit) {
          const row = yield* rowOf(`dom_${stored.slice(0, 20)}`)
          assert.strictEqual(row?.verification_status, "failed")
          if (reason !== "unicode") assert.include(row?.verification_error ?? "", reason)
          assert.isBelow(row?.updated_at ?? Number.POSITIVE_INFINITY, startOfTime + day)
        }
        yield* advance(2 * day)
      }
      assert.notStrictEqual((yield* certificateRow("victim.example.com"))?.certificate, before)
      assert.deepStrictEqual(unfinished(engine), [])
      const asked = (yield* settled).orders
      assert.deepStrictEqual(
        Object.keys(asked).filter((name) => !["victim.example.com", named(emoji)].includes(name)),
        []
      )
    }).pipe(onCertificates())
  )

  it.effect("are refused in a message before a handler sees it, with the reason", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      for (const [stored, reason] of unfit.slice(0, 3)) {
        for (const handler of ["ProcessChallenge", "ReissueCertificate"]) {
          const target = { service: CertificateService.name, key: stored, handler }
          const body = new TextEncoder().encode(JSON.stringify({ domain: stored, workspaceId: "ws_shop" }))
          const { code, message } = yield* answerOf(engine.request(target, body))
          assert.strictEqual(code, 400)
          assert.include(message, reason)
          assert.notInclude(message, stored)
        }
      }
      assert.deepStrictEqual(unfinished(engine), [])
    }).pipe(onCertificates())
  )

  it.effect("are not named in an answer that grows beyond what can be written, a thousand of them neither", () =>
    Effect.gen(function* () {
      const name = (index: number) =>
        `*.${String(index).padStart(4, "0")}${"x".repeat(58)}.${"y".repeat(62)}.${"z".repeat(62)}.${"w".repeat(45)}.io`
      for (let index = 0; index < 1010; index++) yield* seedDomain(name(index), { id: `dom_${index}` })
      const { engine } = yield* ControlPlane
      const answer = countsOf(yield* renewAll())
      assert.deepInclude(answer, { certificatesChecked: 1010 })
      assert.strictEqual(answer?.failedDomains.length, 500)
      assert.deepStrictEqual(unfinished(engine), [])
    }).pipe(onCertificates({ settings: { hasDnsProvider: false } }))
  )
})

describe("a row with a name that is not a tenant's", () => {
  it.effect("has no certificate for any caller, and the CA is not asked", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      for (const name of ["github.io", `victim-production.${apex}`, `*.${apex}`]) {
        yield* seedVerifiedDomain(name)
        const input = { domain: named(name), workspaceId: "ws_shop" }
        const asked = yield* answerOf(engine.submit(CertificateService, name, "ProcessChallenge", input))
        const forced = yield* answerOf(engine.submit(CertificateService, name, "ReissueCertificate", input))
        assert.deepStrictEqual([asked.code, forced.code], [400, 400])
      }
      assert.deepStrictEqual((yield* MemoryCa).requests, [])
      assert.deepStrictEqual(unfinished(engine), [])
    }).pipe(onCertificates())
  )
})

describe("a name in several rows", () => {
  it.effect("has one guard and one certificate: spellings of it order none of their own", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const canonical = named("evil.example")
      const spellings = ["evil.example", "evil.example.", "EVIL.example", "Evil.Example"]
      for (const stored of spellings) yield* seedVerifiedDomain(stored)
      for (const stored of spellings) {
        const target = { service: CertificateService.name, key: stored, handler: "ProcessChallenge" }
        const body = new TextEncoder().encode(JSON.stringify({ domain: stored, workspaceId: "ws_shop" }))
        assert.strictEqual((yield* answerOf(engine.request(target, body))).code, 200)
        yield* processChallenge(stored)
      }
      yield* renewAll()
      assert.deepStrictEqual(yield* finalized, { [canonical]: 1 })
      const { certificates, custom_domains } = yield* rows
      assert.deepStrictEqual(
        certificates.map(({ hostname }) => hostname),
        [canonical]
      )
      assert.deepStrictEqual(Object.fromEntries(custom_domains.map((row) => [row.domain, row.verification_status])), {
        "evil.example": "verified",
        "evil.example.": "failed",
        "EVIL.example": "failed",
        "Evil.Example": "failed"
      })
    }).pipe(onCertificates())
  )

  it.effect("that an earlier version issued for under another spelling goes on under the canonical one", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain("shop.example.com")
      const target = { service: CertificateService.name, key: "SHOP.example.com", handler: "ContinueIssuance" }
      const body = new TextEncoder().encode(JSON.stringify({ nonce: "n", domain: "SHOP.example.com" }))
      assert.strictEqual((yield* answerOf(engine.request(target, body))).code, 200)
      assert.deepStrictEqual(yield* finalized, { "shop.example.com": 1 })
    }).pipe(onCertificates())
  )
})

describe("the platform's own wildcard", () => {
  it.effect(
    "is issued to the platform, whatever rows of tenants have its name, and these say why they are not served",
    () =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(wildcard)
        yield* seedDomain(`${wildcard}.`, {}, "evil")
        assert.isTrue(Either.isRight(yield* renewAll()))
        assert.deepStrictEqual(yield* finalized, { [wildcard]: 1 })
        assert.deepInclude(yield* certificateRow(wildcard), { workspace_id: infrastructureWorkspace })
        const { custom_domains } = yield* rows
        assert.deepStrictEqual(
          custom_domains.map((row) => [row.workspace_id, row.verification_status, row.verification_error]),
          [
            [namesOf("shop").workspaceId, "failed", "it belongs to the platform itself"],
            [namesOf("evil").workspaceId, "failed", "it belongs to the platform itself"],
            [infrastructureWorkspace, "verified", null]
          ]
        )
        const { requests } = yield* MemoryCa
        const before = requests.length
        yield* renewAll()
        yield* settled
        assert.strictEqual(requests.filter(({ operation }) => operation === "new-order").length, 1)
        assert.isAtLeast(requests.length, before)
        assert.strictEqual((yield* rowOf(domainId(wildcard)))?.verification_status, "failed")
      }).pipe(onCertificates({ settings: { infrastructure: [wildcard] } }))
  )
})
