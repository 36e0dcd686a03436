import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Redacted, Schema } from "effect"
import { crashMatrix } from "effect-restate/testing"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import { IssuanceUnavailable, NotFound } from "../../../src/contract/errors.ts"
import { acmeAccountKey, certificateKey } from "../../../src/services/vault/Purpose.ts"
import { Vault } from "../../../src/services/vault/Vault.ts"
import { Issuance } from "../../../src/workflows/certificate/issuance.ts"
import {
  domainId,
  seedCertified,
  seedPlatformWildcard,
  seedVerifiedDomain
} from "../../support/memory/certificateSeeds.ts"
import { MemoryCa } from "../../support/memory/MemoryCa.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { factsOf, publicKeyOf } from "../../support/memory/MemoryPki.ts"
import { MemoryVault } from "../../support/memory/MemoryVault.ts"
import { namesOf, seedRoute } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { named } from "../../support/named.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import {
  Counted,
  certificateRow,
  certificates,
  challengeRow,
  type Doubles,
  delegate,
  onCertificates,
  processChallenge,
  recordNameOf,
  refusedUntil,
  reissue,
  seedWildcard,
  settled,
  startOfTime,
  submitChallenge
} from "../../support/workflows/certificates.ts"
import { onceAt } from "../../support/workflows/faults.ts"
import { answerOf, rows, timed } from "../../support/workflows/queries.ts"

const host = named("shop.example.com")
const wildcard = "*.example.com"
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const service = CertificateService.name

const statusOf = (answer: Either.Either<{ readonly status: string }, unknown>) =>
  Either.match(answer, { onLeft: () => "refused", onRight: ({ status }) => status })

/** Whether the stored key can be decrypted with the certificate's workspace and belongs to the certificate. */
const isUsable = (domain: string) =>
  Effect.gen(function* () {
    const row = yield* certificateRow(domain)
    if (row === undefined) return false
    const key = yield* (yield* Vault).decrypt(row.workspace_id, row.encrypted_private_key, certificateKey(row.hostname))
    const { key: owner } = yield* factsOf(row.certificate)
    return owner === publicKeyOf(key)
  }).pipe(Effect.provide(MemoryVault))

describe("a certificate for a host name", () => {
  it.effect("is issued through the serving chain and stored with its key, its workspace and its expiry", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      const answer = yield* processChallenge(host)
      const certificate = yield* certificateRow(host)
      assert.deepStrictEqual(answer, Either.right({ certificateId: certificate?.id ?? "", status: "success" }))
      assert.strictEqual(certificate?.workspace_id, namesOf("shop").workspaceId)
      assert.isTrue(yield* isUsable(host))
      const { facts } = yield* factsOf(certificate?.certificate ?? "")
      assert.deepInclude(yield* challengeRow(host), { status: "verified", expires_at: facts.notAfter })
      assert.deepStrictEqual((yield* ControlPlane).engine.stateOf(service, host), { issued: [startOfTime + 3000] })
    }).pipe(onCertificates({ pki: { freshKeys: true } }))
  )

  it.effect("[W17] is issued once, however often it is asked for", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      yield* Effect.replicateEffect(submitChallenge(host), 10)
      yield* settled
      yield* processChallenge(host)
      const { finalized, orders } = yield* settled
      assert.deepStrictEqual([orders, finalized], [{ [host]: 1 }, { [host]: 1 }])
    }).pipe(onCertificates())
  )

  it.effect("a host name without a route is told so, before the CA is asked anything", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      yield* (yield* World).update("frontline_routes", {}, { fully_qualified_domain_name: "elsewhere.example.com" })
      assert.strictEqual(statusOf(yield* processChallenge(host)), "pending")
      yield* settled
      assert.deepStrictEqual((yield* MemoryCa).requests, [])
      const [domain] = (yield* rows).custom_domains
      assert.strictEqual(domain?.verification_error, `The domain has no route. (${host} has no route)`)
      assert.deepInclude(yield* challengeRow(host), { status: "failed" })
      // Once the route is there, the next try needs no caller.
      yield* seedRoute("shop", host, { id: "flr_late" })
      yield* (yield* World).update("acme_challenges", { domain_id: domainId(host) }, { status: "waiting" })
      assert.strictEqual(statusOf(yield* processChallenge(host)), "success")
      assert.isNull((yield* rows).custom_domains[0]?.verification_error ?? null)
    }).pipe(onCertificates())
  )

  it.effect("an unknown domain is refused with 404 and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const answer = yield* processChallenge(host)
      assert.deepStrictEqual(answer, Either.left(new NotFound({ resource: "custom domain", id: host })))
      assert.strictEqual((yield* answerOf(yield* submitChallenge(host))).code, 404)
      assert.deepStrictEqual(engine.stateOf(service, host), {})
    }).pipe(onCertificates())
  )

  it.effect("[W43] a domain that was deleted and added again gets its own certificate, in its new workspace", () =>
    Effect.gen(function* () {
      const world = yield* World
      yield* seedVerifiedDomain(host)
      yield* processChallenge(host)
      const added = { id: "dom_again", workspace_id: "ws_other" }
      yield* world.update("custom_domains", { domain: host }, added)
      yield* world.update(
        "acme_challenges",
        {},
        { domain_id: "dom_again", workspace_id: "ws_other", status: "waiting" }
      )
      assert.strictEqual(statusOf(yield* processChallenge(host)), "success")
      assert.strictEqual((yield* certificateRow(host))?.workspace_id, "ws_other")
      assert.isTrue(yield* isUsable(host))
    }).pipe(onCertificates({ pki: { freshKeys: true } }))
  )

  it.effect("a domain that is deleted half-way gets no rows and keeps no state", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      const invocation = yield* submitChallenge(host)
      yield* engine.advance(4500)
      yield* (yield* World).update("custom_domains", { domain: host }, { id: "dom_new", domain: "gone.example.com" })
      assert.strictEqual((yield* answerOf(invocation)).code, 404)
      assert.deepStrictEqual((yield* rows).certificates, [])
      assert.notProperty(engine.stateOf(service, host), "issuance")
    }).pipe(onCertificates())
  )
})

describe("a certificate for a wildcard", () => {
  it.effect(
    "is proven by a TXT value below our delegation domain, beside foreign ones, and only our own is removed",
    () =>
      Effect.gen(function* () {
        const dns = yield* MemoryDns
        const record = recordNameOf(wildcard)
        yield* seedWildcard(wildcard)
        yield* dns.set("TXT", record, ["foreign"])
        assert.strictEqual(statusOf(yield* processChallenge(wildcard)), "success")
        assert.match(record, /^[a-z0-9]{24}\.challenges\.test$/)
        assert.deepStrictEqual(dns.txt(record), ["foreign"])
        assert.deepStrictEqual(
          dns.changes.map((change) => change.split(" ").slice(0, 2).join(" ")),
          [`add ${record}`, `remove ${record}`]
        )
      }).pipe(onCertificates())
  )

  it.effect("may be delegated through further names of its owner, as long as the last one leads to us", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* seedVerifiedDomain(wildcard)
      yield* dns.set("CNAME", "_acme-challenge.example.com", ["challenges.example.net"])
      yield* dns.set("CNAME", "challenges.example.net", [recordNameOf(wildcard)])
      assert.strictEqual(statusOf(yield* processChallenge(wildcard)), "success")
    }).pipe(onCertificates())
  )

  const elsewhere = [
    ["a host of the platform", "victim-production-acme.unkey.test"],
    ["a name in a foreign zone of the account", "selector1._domainkey.corp.example"],
    ["the challenge of another customer", recordNameOf("*.victim.example")],
    ["the delegation domain itself", "challenges.test"],
    ["the platform's own challenge", "_acme-challenge.unkey.test"]
  ] as const
  for (const [what, target] of elsewhere)
    it.effect(
      `whose CNAME leads to ${what} writes nothing, asks the CA for nothing, and is told the right target`,
      () =>
        Effect.gen(function* () {
          const dns = yield* MemoryDns
          yield* seedVerifiedDomain(wildcard)
          yield* dns.set("CNAME", "_acme-challenge.example.com", [target])
          assert.strictEqual(statusOf(yield* processChallenge(wildcard)), "failed")
          yield* settled
          assert.deepStrictEqual(dns.changes, [])
          assert.deepStrictEqual((yield* MemoryCa).requests, [])
          assert.strictEqual(
            (yield* rows).custom_domains[0]?.verification_error,
            "The challenge of a wildcard domain has to be delegated to the platform. " +
              `(the CNAME of _acme-challenge.example.com leads to ${target}, expected ${recordNameOf(wildcard)})`
          )
        }).pipe(onCertificates())
    )

  it.effect("is not delegated by a wildcard CNAME of its zone, and is issued once the right CNAME is there", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      const apps = "*.apps.customer.test"
      yield* seedVerifiedDomain(apps)
      yield* dns.set("CNAME", apps, ["lb-1.elb.provider.test"])
      yield* dns.set("CNAME", "*.customer.test", ["lb-1.elb.provider.test"])
      assert.strictEqual(statusOf(yield* processChallenge(apps)), "failed")
      assert.include(
        (yield* rows).custom_domains[0]?.verification_error ?? "",
        `the CNAME of _acme-challenge.apps.customer.test leads to lb-1.elb.provider.test, expected ${recordNameOf(apps)}`
      )
      yield* delegate(apps)
      yield* settled
      assert.deepInclude(yield* challengeRow(apps), { status: "verified" })
    }).pipe(onCertificates())
  )

  for (const isSilentFor of [5_000, 10 * minute])
    it.effect(`waits for DNS that gives no answer for ${isSilentFor} ms, and takes that for no statement`, () =>
      Effect.gen(function* () {
        const dns = yield* MemoryDns
        const { engine } = yield* ControlPlane
        yield* seedVerifiedDomain(wildcard)
        yield* dns.set("CNAME", "_acme-challenge.example.com", { _tag: "Failed", reason: "server_failure" })
        yield* submitChallenge(wildcard)
        yield* engine.advance(isSilentFor)
        assert.deepInclude(yield* challengeRow(wildcard), { status: "waiting" })
        assert.isNull((yield* rows).custom_domains[0]?.verification_error ?? null)
        yield* delegate(wildcard)
        const { finalized } = yield* settled
        assert.deepStrictEqual(finalized, { [wildcard]: 1 })
      }).pipe(onCertificates())
    )

  it.effect("is told that DNS does not answer when it has not for six hours", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* seedVerifiedDomain(wildcard)
      yield* dns.set("CNAME", "_acme-challenge.example.com", { _tag: "Failed", reason: "timeout" })
      assert.strictEqual(statusOf(yield* processChallenge(wildcard)), "pending")
      yield* (yield* ControlPlane).engine.advance("12 hours")
      assert.include((yield* rows).custom_domains[0]?.verification_error ?? "", "DNS did not answer")
    }).pipe(onCertificates())
  )

  it.effect("of a customer is refused with the reason where no delegation domain is configured", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(wildcard)
      assert.strictEqual(statusOf(yield* processChallenge(wildcard)), "failed")
      assert.include(
        (yield* rows).custom_domains[0]?.verification_error ?? "",
        "wildcard domains are not offered here, because acme.delegation_domain is not configured"
      )
      assert.deepStrictEqual((yield* MemoryCa).requests, [])
    }).pipe(onCertificates({ settings: { delegationDomain: null } }))
  )

  it.effect("of the platform is proven at its own name, though a wildcard CNAME of the zone answers for that", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      const platform = "*.unkey.test"
      yield* seedPlatformWildcard(platform)
      yield* dns.set("CNAME", platform, ["lb-1.elb.provider.test"])
      assert.strictEqual(statusOf(yield* processChallenge(platform)), "success")
      assert.strictEqual(dns.changes[0]?.split(" ")[1], "_acme-challenge.unkey.test")
      assert.deepStrictEqual((yield* settled).recordsLeft, [])
    }).pipe(onCertificates())
  )

  it.effect("of the platform that a customer's row has taken is not proven at the platform's name", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain("*.unkey.test")
      assert.strictEqual(statusOf(yield* processChallenge("*.unkey.test")), "refused")
      assert.deepStrictEqual((yield* MemoryDns).changes, [])
    }).pipe(onCertificates())
  )

  it.effect("the CA is not asked before every name server has the value, and is told why after ten minutes", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      const { requests } = yield* MemoryCa
      yield* seedWildcard(wildcard)
      yield* dns.set("TXT", recordNameOf(wildcard), [], "ns.zone")
      assert.strictEqual(statusOf(yield* processChallenge(wildcard)), "pending")
      yield* (yield* ControlPlane).engine.advance("30 minutes")
      assert.isFalse(requests.some(({ operation }) => operation === "challenge"))
      assert.include((yield* rows).custom_domains[0]?.verification_error ?? "", "does not appear on every name server")
      assert.deepInclude(yield* challengeRow(wildcard), { status: "failed" })
      assert.deepStrictEqual(dns.txt(recordNameOf(wildcard)), [])
    }).pipe(onCertificates())
  )

  it.effect("[W43] a wildcard and the name below it are two domains with a challenge each", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain("example.com")
      yield* seedWildcard(wildcard)
      yield* Effect.all([submitChallenge("example.com"), submitChallenge(wildcard)])
      assert.deepStrictEqual((yield* settled).finalized, { "example.com": 1, [wildcard]: 1 })
      assert.deepInclude(yield* challengeRow("example.com"), { status: "verified", challenge_type: "HTTP-01" })
      assert.deepInclude(yield* challengeRow(wildcard), { status: "verified", challenge_type: "DNS-01" })
    }).pipe(onCertificates())
  )

  it.effect("a cancellation in the middle takes our value away and leaves the rest for the next caller", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const dns = yield* MemoryDns
      yield* seedWildcard(wildcard)
      const invocation = yield* submitChallenge(wildcard)
      yield* engine.advance(1000)
      assert.lengthOf(dns.txt(recordNameOf(wildcard)), 1)
      engine.cancel(invocation.id)
      assert.strictEqual((yield* answerOf(invocation)).code, 409)
      assert.deepStrictEqual(dns.txt(recordNameOf(wildcard)), [])
      assert.strictEqual(statusOf(yield* processChallenge(wildcard)), "success")
      const { finalized, orders, recordsLeft } = yield* settled
      assert.deepStrictEqual([orders, finalized, recordsLeft], [{ [wildcard]: 1 }, { [wildcard]: 1 }, []])
    }).pipe(onCertificates())
  )
})

describe("an installation that cannot issue", () => {
  it.effect("[W46] says so and leaves every challenge waiting: ACME is disabled", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      const before = yield* rows
      const answer = yield* processChallenge(host)
      assert.deepStrictEqual(answer, Either.left(new IssuanceUnavailable({ domain: host, reason: "acme_disabled" })))
      assert.deepStrictEqual(yield* rows, before)
    }).pipe(onCertificates({ settings: { isEnabled: false } }))
  )

  it.effect("[W46] says so and leaves a wildcard waiting: there is no DNS provider", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(wildcard)
      yield* seedVerifiedDomain(host)
      const answer = yield* processChallenge(wildcard)
      assert.deepStrictEqual(
        answer,
        Either.left(new IssuanceUnavailable({ domain: wildcard, reason: "no_dns_provider" }))
      )
      assert.deepInclude(yield* challengeRow(wildcard), { status: "waiting" })
      assert.strictEqual(statusOf(yield* processChallenge(host)), "success")
    }).pipe(onCertificates({ settings: { hasDnsProvider: false } }))
  )
})

describe("the one ACME account", () => {
  it.effect("[W42] is made and registered once, though many domains need it at once", () =>
    Effect.gen(function* () {
      const names = ["a", "b", "c", "d", "e", "f"].map((label) => `${label}.example.com`)
      yield* Effect.forEach(names, seedVerifiedDomain)
      yield* Effect.forEach(names, submitChallenge)
      const { accounts, finalized } = yield* settled
      const { requests } = yield* MemoryCa
      assert.strictEqual(accounts, 1)
      assert.strictEqual(Object.keys(finalized).length, names.length)
      assert.strictEqual(requests.filter(({ operation }) => operation === "new-account").length, 1)
      const { acme_users } = yield* rows
      assert.lengthOf(acme_users, 1)
      assert.deepInclude(acme_users[0], { workspace_id: "acme", registration_uri: "https://ca.test/account/1" })
    }).pipe(onCertificates({ pki: { freshKeys: true } }))
  )

  it.effect("is registered again with its own key when the CA has forgotten it", () =>
    Effect.gen(function* () {
      const { forgetAccounts, requests } = yield* MemoryCa
      yield* seedVerifiedDomain("a.example.com")
      yield* seedVerifiedDomain(host)
      yield* processChallenge("a.example.com")
      yield* forgetAccounts
      assert.strictEqual(statusOf(yield* processChallenge(host)), "success")
      assert.strictEqual(requests.filter(({ operation }) => operation === "new-account").length, 2)
      assert.lengthOf((yield* rows).acme_users, 1)
    }).pipe(onCertificates({ pki: { freshKeys: true } }))
  )
})

describe("a stored key", () => {
  it.effect("that was moved from another row is not used: the CA is not asked with it, and the row says so", () =>
    Effect.gen(function* () {
      const world = yield* World
      const { requests } = yield* MemoryCa
      yield* seedVerifiedDomain("a.example.com")
      yield* processChallenge("a.example.com")
      const { encrypt } = yield* Vault
      const stolen = yield* encrypt("acme", Redacted.make("another key"), acmeAccountKey("acme_other"))
      yield* world.update("acme_users", { workspace_id: "acme" }, { encrypted_key: stolen })
      const asked = requests.length
      yield* seedVerifiedDomain(host)
      assert.strictEqual(statusOf(yield* processChallenge(host)), "failed")
      assert.strictEqual(requests.length, asked)
      const told = (yield* rows).custom_domains.find(({ domain }) => domain === host)?.verification_error
      assert.include(told, "cannot be decrypted")
    }).pipe(Effect.provide(MemoryVault), onCertificates())
  )

  it.effect("of an issuance that an earlier version began, without a purpose, ends in the certificate's row", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      assert.strictEqual(statusOf(yield* processChallenge(host)), "pending")
      const { encryptedKey, ...state } = yield* Schema.decodeUnknown(Issuance)(engine.stateOf(service, host).issuance)
      const before = encryptedKey?.split(":").slice(0, 3).join(":") ?? ""
      engine.setState(service, host, "issuance", { ...state, encryptedKey: before })
      yield* engine.drain
      assert.strictEqual((yield* certificateRow(host))?.encrypted_private_key, before)
      assert.isTrue(yield* isUsable(host))
    }).pipe(onCertificates({ pki: { freshKeys: true }, ca: { delay: 5 * minute } }))
  )
})

describe("one issuance", () => {
  it.effect("keeps its order over the death of the process, even where the answer of the CA was lost", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      assert.strictEqual(statusOf(yield* processChallenge(host)), "success")
      const { finalized, orders } = yield* settled
      // The lost order stays unused: an order alone issues nothing.
      assert.deepStrictEqual([orders, finalized], [{ [host]: 2 }, { [host]: 1 }])
    }).pipe(
      on<Doubles>({
        faults: onceAt("create-order", "after-body"),
        more: certificates({ ca: { reusesOrders: false } })
      })
    )
  )

  it.effect("wherever the process dies, the stored key is the one of the stored certificate", () =>
    Effect.gen(function* () {
      const more = () => certificates({ pki: { freshKeys: true }, dns: { looksUntilInSync: 0 } })
      const story = Effect.gen(function* () {
        yield* seedWildcard(wildcard)
        yield* processChallenge(wildcard)
        return { usable: yield* isUsable(wildcard), ...(yield* settled) }
      })
      const { points } = yield* crashMatrix((disturbance) => story.pipe(on<Doubles>({ ...disturbance, more: more() })))
      assert.isAbove(points.length, 60)
    })
  )

  it.effect("a write that fails after issuance loses nothing: stored later, without another order", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      assert.strictEqual(statusOf(yield* processChallenge(host)), "pending")
      assert.isUndefined(yield* certificateRow(host))
      const { finalized, orders } = yield* settled
      assert.deepStrictEqual([orders, finalized], [{ [host]: 1 }, { [host]: 1 }])
      assert.isTrue(yield* isUsable(host))
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
      assert.isAbove((yield* ControlPlane).engine.time.now, startOfTime + 2 * hour)
    }).pipe(onCertificates({ pki: { freshKeys: true }, refusesCertificates: (now) => now < startOfTime + 2 * hour }))
  )

  it.effect("never holds the domain's key for more than about a minute", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedVerifiedDomain(host)
      const { answer, took } = yield* timed(processChallenge(host))
      assert.strictEqual(statusOf(answer), "pending")
      assert.isAtMost(took, 75_000)
      yield* engine.advance("30 seconds")
      const second = yield* timed(processChallenge(host))
      assert.strictEqual(statusOf(second.answer), "pending")
      yield* engine.drain
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
    }).pipe(onCertificates({ ca: { delay: 5 * minute } }))
  )

  it.effect("a certificate that is not what was ordered is never stored, and the old one stays", () =>
    Effect.gen(function* () {
      yield* seedCertified(host, startOfTime - 80 * day, startOfTime + 10 * day)
      const before = yield* certificateRow(host)
      assert.strictEqual(statusOf(yield* processChallenge(host)), "failed")
      assert.deepStrictEqual(yield* certificateRow(host), before)
      assert.include((yield* rows).custom_domains[0]?.verification_error ?? "", "not what was ordered")
      yield* settled
      // Two within a day, and the tries of the days after: never more than the guard allows.
      const { requests } = yield* MemoryCa
      const finalizedAt = requests.filter(({ operation }) => operation === "finalize").map(({ at }) => at)
      for (const at of finalizedAt)
        assert.isAtMost(finalizedAt.filter((other) => other >= at && other < at + day).length, 2)
    }).pipe(onCertificates({ ca: { misissue: (facts) => ({ ...facts, names: ["other.example.com"] }) } }))
  )

  it.effect("an order that has expired while it waited is made anew, and counted once", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      assert.strictEqual(statusOf(yield* processChallenge(host)), "pending")
      const { finalized, orders } = yield* settled
      assert.deepStrictEqual([orders, finalized], [{ [host]: 2 }, { [host]: 1 }])
      assert.deepInclude(yield* challengeRow(host), { status: "verified" })
    }).pipe(
      // A week is how long the CA keeps an order open.
      onCertificates({
        ca: { refuse: refusedUntil(startOfTime + 7 * day, "challenge", { type: "rateLimited", status: 429 }) }
      })
    )
  )

  it.effect("an order that lags behind its proof is finalized once it is ready, within the same invocation", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      assert.strictEqual(statusOf(yield* processChallenge(host)), "success")
      const { requests } = yield* MemoryCa
      assert.strictEqual(requests.filter(({ operation }) => operation === "finalize").length, 1)
    }).pipe(onCertificates({ ca: { orderLag: 10_000 } }))
  )

  it.effect("a name that is proven already is not proven again", () =>
    Effect.gen(function* () {
      yield* seedWildcard(wildcard)
      yield* processChallenge(wildcard)
      yield* reissue(wildcard)
      const { changes } = yield* MemoryDns
      assert.strictEqual(changes.filter((change) => change.startsWith("add")).length, 1)
      assert.strictEqual((yield* settled).finalized[wildcard], 2)
    }).pipe(onCertificates({ ca: { reusesProofsFor: 30 * day } }))
  )

  it.effect("a person can have it replaced at once, past the guard", () =>
    Effect.gen(function* () {
      yield* seedVerifiedDomain(host)
      yield* processChallenge(host)
      yield* (yield* ControlPlane).engine.advance("1 hour")
      yield* reissue(host)
      yield* (yield* ControlPlane).engine.advance("1 hour")
      const before = yield* certificateRow(host)
      assert.strictEqual(statusOf(yield* reissue(host)), "success")
      const after = yield* certificateRow(host)
      assert.notStrictEqual(after?.certificate, before?.certificate)
      assert.deepStrictEqual([after?.id, after?.created_at], [before?.id, before?.created_at])
      assert.strictEqual((yield* settled).finalized[host], 3)
      assert.include(yield* Counted, "issuance renewal stored")
    }).pipe(onCertificates())
  )
})

describe("a clock that jumps", () => {
  it.effect("a message that comes before its time waits on, and asks nothing of the CA", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { requests } = yield* MemoryCa
      yield* seedVerifiedDomain(host)
      yield* processChallenge(host)
      const state = engine.stateOf(service, host).issuance
      const nonce = typeof state === "object" && state !== null && "nonce" in state ? String(state.nonce) : ""
      const asked = requests.length
      const early = yield* Effect.either(
        engine.call(CertificateService, host, "ContinueIssuance", { nonce, domain: host })
      )
      assert.strictEqual(statusOf(early), "pending")
      assert.strictEqual(requests.length, asked)
      yield* engine.drain
      assert.deepStrictEqual((yield* settled).finalized, { [host]: 1 })
    }).pipe(
      onCertificates({
        ca: { refuse: refusedUntil(startOfTime + 2 * hour, "new-order", { type: "rateLimited", status: 429 }) }
      })
    )
  )
})
