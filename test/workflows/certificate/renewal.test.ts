import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import { InvalidRequest } from "../../../src/contract/errors.ts"
import { AcmeUnavailable } from "../../../src/services/certificate/Acme.ts"
import { infrastructureWorkspace } from "../../../src/services/certificate/CertificateStore.ts"
import { HeartbeatFailed } from "../../../src/services/Heartbeat.ts"
import {
  domainId,
  seedCertified,
  seedChallenge,
  seedDomain,
  seededFacts,
  seedVerifiedDomain
} from "../../support/memory/certificateSeeds.ts"
import { MemoryCa } from "../../support/memory/MemoryCa.ts"
import { factsOf } from "../../support/memory/MemoryPki.ts"
import { seedRoute } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { named } from "../../support/named.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import {
  certificateRow,
  challengeRow,
  delegate,
  onCertificates,
  processChallenge,
  refusedUntil,
  renewAll,
  SentHeartbeats,
  settled,
  startOfTime
} from "../../support/workflows/certificates.ts"
import { rows } from "../../support/workflows/queries.ts"

const host = named("shop.example.com")
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const counts = (certificatesChecked: number, renewalsTriggered: number, failedDomains: ReadonlyArray<string> = []) =>
  Either.right({ certificatesChecked, renewalsTriggered, failedDomains })

/** The daily job for so many days. */
const days = (count: number) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    for (let elapsed = 0; elapsed < count; elapsed++) {
      yield* renewAll(30)
      yield* engine.advance("1 day")
    }
  })

describe("ninety days of daily renewal", () => {
  for (const [lifetime, expected] of [
    [90, 2],
    [45, 4],
    [6, 31]
  ] as const)
    it.effect(`keeps certificates of ${lifetime} days valid all the time, with at most ${expected} of them`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* seedVerifiedDomain(host)
        yield* processChallenge(host)
        for (let elapsed = 0; elapsed < 90; elapsed++) {
          yield* days(1)
          const { facts } = yield* factsOf((yield* certificateRow(host))?.certificate ?? "")
          assert.isAbove(facts.notAfter, engine.time.now)
        }
        const { finalized, orders } = yield* settled
        assert.isAtMost(finalized[host] ?? 0, expected)
        assert.deepStrictEqual(orders, finalized)
        const { replaced } = yield* MemoryCa
        assert.strictEqual(replaced.size, (finalized[host] ?? 0) - 1)
      }).pipe(onCertificates({ ca: { lifetime: lifetime * day } }))
    )
})

describe("a certificate that ends earlier than the one it replaces", () => {
  it.effect("is stored when the CA has changed to short lives, and the next comes when it is due itself", () =>
    Effect.gen(function* () {
      yield* seedCertified(host, startOfTime - 60 * day, startOfTime + 30 * day)
      yield* days(1)
      const stored = yield* certificateRow(host)
      const { facts } = yield* factsOf(stored?.certificate ?? "")
      assert.isBelow(facts.notAfter, startOfTime + 7 * day)
      yield* days(1)
      assert.deepStrictEqual(yield* certificateRow(host), stored)
      yield* days(28)
      assert.isAtMost((yield* settled).finalized[host] ?? 0, 10)
    }).pipe(onCertificates({ ca: { lifetime: 160 * hour } }))
  )

  it.effect("is stored when the CA wants a young one replaced at once, as before a revocation", () =>
    Effect.gen(function* () {
      const young = yield* Effect.zipRight(
        seedCertified(host, startOfTime - day, startOfTime + 89 * day),
        certificateRow(host)
      )
      yield* days(2)
      assert.notStrictEqual((yield* certificateRow(host))?.certificate, young?.certificate)
      assert.strictEqual((yield* settled).finalized[host], 1)
    }).pipe(
      onCertificates({
        ca: {
          lifetime: 160 * hour,
          issuedBefore: [seededFacts(host, startOfTime - day, startOfTime + 89 * day)],
          renewalInfo: (facts, now) =>
            facts.notBefore < startOfTime - 2 * hour
              ? { windowStart: now - 2 * hour, windowEnd: now - hour, retryAfter: null }
              : null
        }
      })
    )
  )
})

describe("what the CA suggests about renewal", () => {
  it.effect("decides the moment, and the renewal happens there and not at the daily look", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      yield* processChallenge(host)
      yield* engine.advance(startOfTime + 9 * day - engine.time.now)
      assert.deepStrictEqual(yield* renewAll(), counts(1, 1))
      const before = yield* certificateRow(host)
      yield* engine.advance("13 hours")
      assert.deepStrictEqual(yield* certificateRow(host), before)
      yield* engine.advance("1 hour")
      assert.notStrictEqual((yield* certificateRow(host))?.certificate, before?.certificate)
    }).pipe(
      onCertificates({
        ca: {
          renewalInfo: () => ({
            windowStart: startOfTime + 9 * day + 13 * hour,
            windowEnd: startOfTime + 9 * day + 13 * hour + 20 * minute,
            retryAfter: null
          })
        }
      })
    )
  )

  it.effect("is asked for no more often than the CA wants", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { requests } = yield* MemoryCa
      yield* seedVerifiedDomain(host)
      yield* processChallenge(host)
      for (let look = 0; look < 12; look++) {
        yield* renewAll()
        yield* engine.advance("1 hour")
      }
      assert.strictEqual(requests.filter(({ operation }) => operation === "renewal-info").length, 2)
    }).pipe(onCertificates())
  )

  it.effect("never delays a renewal when it cannot be asked for", () =>
    Effect.gen(function* () {
      yield* seedCertified(host, startOfTime - 70 * day, startOfTime + 20 * day)
      assert.deepStrictEqual(yield* renewAll(), counts(1, 1))
      assert.deepStrictEqual((yield* settled).finalized, { [host]: 1 })
    }).pipe(
      onCertificates({
        ca: {
          refuse: ({ operation }) =>
            operation === "renewal-info"
              ? new AcmeUnavailable({ operation, reason: "unavailable", status: 503 })
              : undefined
        }
      })
    )
  )

  it.effect("cannot make a loop of certificates, however stale it is and however often it is asked", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { requests } = yield* MemoryCa
      yield* seedVerifiedDomain(host)
      yield* processChallenge(host)
      for (let look = 0; look < 96; look++) {
        yield* renewAll(30)
        yield* engine.advance("30 minutes")
      }
      const finalizedAt = requests.filter(({ operation }) => operation === "finalize").map(({ at }) => at)
      for (const at of finalizedAt)
        assert.isAtMost(finalizedAt.filter((other) => other >= at && other < at + day).length, 2)
    }).pipe(
      onCertificates({
        // A short life that began before its issuance, and a window that is always over.
        ca: {
          lifetime: 160 * hour,
          renewalInfo: (_, now) => ({ windowStart: now - 30 * minute, windowEnd: now - 10 * minute, retryAfter: null })
        }
      })
    )
  )

  it.effect("[W17] asked for twice renews once", () =>
    Effect.gen(function* () {
      yield* seedCertified(host, startOfTime - 70 * day, startOfTime + 20 * day)
      yield* renewAll()
      yield* renewAll()
      yield* renewAll()
      assert.deepStrictEqual((yield* settled).finalized, { [host]: 1 })
    }).pipe(onCertificates())
  )
})

describe("the renewal of all certificates", () => {
  it.effect("[W50] honours the days before the expiry that it is given, and refuses nonsense", () =>
    Effect.gen(function* () {
      yield* seedCertified(host, startOfTime - 50 * day, startOfTime + 40 * day)
      assert.deepStrictEqual(yield* renewAll(0), counts(1, 0))
      assert.deepStrictEqual(yield* renewAll(45), counts(1, 1))
      assert.deepStrictEqual((yield* settled).finalized, { [host]: 1 })
      for (const nonsense of [-1, 5000])
        assert.instanceOf(
          Either.getOrElse(Either.flip(yield* renewAll(nonsense)), () => null),
          InvalidRequest
        )
    }).pipe(onCertificates())
  )

  it.effect("[W16] tries a failed domain again after its back-off, and one that was abandoned", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      for (const name of ["a.example.com", "b.example.com", "c.example.com"]) {
        yield* seedDomain(name)
        yield* seedRoute("shop", name)
      }
      yield* seedChallenge("a.example.com", { status: "failed", updated_at: startOfTime })
      yield* seedChallenge("b.example.com", { status: "pending", updated_at: startOfTime })
      yield* seedChallenge("c.example.com", { status: "pending", updated_at: startOfTime - hour })
      assert.deepStrictEqual(yield* renewAll(), counts(1, 1))
      yield* engine.advance("2 hours")
      assert.deepStrictEqual(yield* renewAll(), counts(3, 2))
      yield* settled
      assert.deepStrictEqual(
        (yield* rows).acme_challenges.map(({ status }) => status),
        ["verified", "verified", "verified"]
      )
    }).pipe(onCertificates())
  )

  it.effect("[W49] repairs a domain without a challenge and the platform's own wildcards", () =>
    Effect.gen(function* () {
      yield* seedDomain("*.half.example.com")
      yield* seedRoute("shop", "*.half.example.com")
      yield* delegate("*.half.example.com")
      assert.deepStrictEqual(yield* renewAll(), counts(3, 3))
      yield* settled
      const { certificates, custom_domains } = yield* rows
      assert.sameMembers(
        certificates.map(({ hostname, workspace_id }) => `${hostname} ${workspace_id}`),
        [
          "*.half.example.com ws_shop",
          `*.unkey.test ${infrastructureWorkspace}`,
          `*.eu.regional.test ${infrastructureWorkspace}`
        ]
      )
      assert.strictEqual(custom_domains.length, 3)
    }).pipe(
      onCertificates({
        settings: {
          infrastructure: [named("*.unkey.test"), named("*.eu.regional.test")],
          platformApexes: ["unkey.test", "regional.test"]
        }
      })
    )
  )

  it.effect("[W46] names the domains that cannot be issued, marks none of them failed, and bootstraps nothing", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain("*.example.com")
      yield* seedVerifiedDomain(host)
      const before = yield* rows
      assert.deepStrictEqual(yield* renewAll(), counts(2, 0, ["*.example.com", host]))
      yield* settled
      assert.deepStrictEqual(yield* rows, before)
    }).pipe(onCertificates({ settings: { isEnabled: false, infrastructure: [named("*.unkey.test")] } }))
  )

  it.effect("[W18] is done although the monitor is away, within a few attempts", () =>
    Effect.gen(function* () {
      yield* seedCertified(host, startOfTime - day, startOfTime + 89 * day)
      assert.deepStrictEqual(yield* renewAll(), counts(1, 0))
      assert.deepStrictEqual(yield* SentHeartbeats, ["cert_renewal", "cert_renewal", "cert_renewal"])
      assert.deepStrictEqual(yield* renewAll(), counts(1, 0))
    }).pipe(onCertificates({ heartbeat: new HeartbeatFailed({ job: "cert_renewal", reason: "unreachable" }) }))
  )

  it.effect("goes through all pages, and spreads what is due at once over minutes", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { requests } = yield* MemoryCa
      const names = Array.from({ length: 230 }, (_, index) => `d${index}.example.com`)
      yield* Effect.forEach(names, (name) => seedCertified(name, startOfTime - 70 * day, startOfTime + 20 * day))
      assert.deepStrictEqual(yield* renewAll(), counts(230, 230))
      yield* settled
      const orderedAt = requests.filter(({ operation }) => operation === "new-order").map(({ at }) => at)
      assert.strictEqual(orderedAt.length, 230)
      for (let from = startOfTime; from < startOfTime + 10 * minute; from += minute)
        assert.isAtMost(orderedAt.filter((at) => at >= from && at < from + minute).length, 46)
      assert.strictEqual(engine.invocations.filter(({ target }) => target.handler === "RenewPage").length, 3)
    }).pipe(onCertificates())
  )

  it.effect("is held up by no domain that is stuck", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      const state = { status: "something of a version that is not read any more" }
      engine.setState(CertificateService.name, host, "issuance", state)
      yield* seedCertified("well.example.com", startOfTime - 70 * day, startOfTime + 20 * day)
      engine.submit(CertificateService, host, "ProcessChallenge", { domain: host, workspaceId: "" })
      yield* engine.advance("2 minutes")
      const { facts } = yield* factsOf((yield* certificateRow("well.example.com"))?.certificate ?? "")
      assert.isAbove(facts.notAfter, engine.time.now)
    }).pipe(onCertificates())
  )

  it.effect("renews after a limit of two hours that meets all of them", () =>
    Effect.gen(function* () {
      const names = ["a.example.com", "b.example.com", "c.example.com", "d.example.com"]
      yield* Effect.forEach(names, (name) => seedCertified(name, startOfTime - 70 * day, startOfTime + 20 * day))
      yield* renewAll()
      yield* settled
      const { requests } = yield* MemoryCa
      const early = requests.filter(({ at, operation }) => operation === "new-order" && at < startOfTime + 2 * hour)
      assert.strictEqual(early.length, names.length)
      for (const name of names) {
        assert.isAbove((yield* challengeRow(name))?.expires_at ?? 0, startOfTime + 60 * day)
      }
    }).pipe(
      onCertificates({
        ca: { refuse: refusedUntil(startOfTime + 2 * hour, "new-order", { type: "rateLimited", status: 429 }) }
      })
    )
  )

  it.effect("a renewal that fails keeps the old certificate, says why, and is tried again in time", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedCertified(host, startOfTime - 70 * day, startOfTime + 20 * day)
      const before = yield* certificateRow(host)
      yield* renewAll()
      yield* engine.advance("30 minutes")
      assert.deepStrictEqual(yield* certificateRow(host), before)
      assert.deepInclude(yield* challengeRow(host), { status: "failed", expires_at: startOfTime + 20 * day })
      yield* settled
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
      assert.notStrictEqual((yield* certificateRow(host))?.certificate, before?.certificate)
    }).pipe(
      onCertificates({ ca: { refuse: refusedUntil(startOfTime + hour, "finalize", { type: "caa", status: 403 }) } })
    )
  )

  it.effect("an unverified domain is not looked at", () =>
    Effect.gen(function* () {
      yield* seedDomain(host, { verification_status: "verifying" })
      assert.deepStrictEqual(yield* renewAll(), counts(0, 0))
      yield* (yield* World).update("custom_domains", { id: domainId(host) }, { verification_status: "verified" })
      assert.deepStrictEqual(yield* renewAll(), counts(1, 1))
    }).pipe(onCertificates())
  )
})
