import { assert, layer } from "@effect/vitest"
import { Effect, type Layer, Option } from "effect"
import {
  CertificateStore,
  infrastructureWorkspace,
  type NewCertificate
} from "../../src/services/certificate/CertificateStore.ts"
import { domainId, seedChallenge, seedDomain, seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { namesOf, seededAt } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { named } from "../support/named.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const at = seededAt + 1_000
const later = at + 1_000
const day = 86_400_000
const name = named("shop.example.com")
const id = domainId(name)
const { workspaceId } = namesOf("shop")
const rowsOf = Effect.flatMap(World, (world) => world.dump)

const certificate = (chain: string, columns: Partial<NewCertificate> = {}): NewCertificate => ({
  id: "cert_1",
  domainId: id,
  chain,
  encryptedKey: `key of ${chain}`,
  expiresAt: at + 90 * day,
  at,
  ...columns
})
const always = () => true
const wantedOf = (...names: ReadonlyArray<string>) =>
  names.map((text, index) => ({ id: `dom_infra_${index}`, name: named(text), targetCname: `label${index}` }))

/** What every implementation of `CertificateStore` promises. */
export const certificateStoreContract = <E>(label: string, stores: Layer.Layer<CertificateStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`CertificateStore: ${label}`, (it) => {
    const guarantee = guaranteesOf(it, CertificateStore)

    guarantee("a domain is found with its challenge, its route and its certificate, or without them", (store) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* store.find(name), Option.none())
        yield* seedDomain("bare.example.com")
        const bare = { id: domainId("bare.example.com"), workspaceId, name: named("bare.example.com") }
        assert.deepStrictEqual(
          yield* store.find(named("bare.example.com")),
          Option.some({ ...bare, challenge: null, hasRoute: false, certificate: null })
        )
        yield* seedVerifiedDomain(name)
        yield* store.save(certificate("chain"), always)
        assert.deepStrictEqual(
          yield* store.find(name),
          Option.some({
            id,
            workspaceId,
            name,
            challenge: { status: "verified", expiresAt: at + 90 * day },
            hasRoute: true,
            certificate: { id: "cert_1", workspaceId, chain: "chain" }
          })
        )
      })
    )

    guarantee("a wildcard's row is never taken for the one of the name below it [W43]", (store) =>
      Effect.gen(function* () {
        yield* seedDomain("example.com")
        assert.deepStrictEqual(yield* store.find(named("*.example.com")), Option.none())
      })
    )

    guarantee("a challenge is written with its status, and repeating it changes nothing", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(name)
        const challenge = { domainId: id, token: "t", authorization: "t.thumbprint", at }
        assert.isTrue(yield* store.writeChallenge(challenge))
        const first = yield* rowsOf
        assert.isTrue(yield* store.writeChallenge(challenge))
        assert.deepStrictEqual(yield* rowsOf, first)
        assert.deepInclude(first.acme_challenges[0], {
          domain_id: id,
          status: "pending",
          token: "t",
          authorization: "t.thumbprint",
          expires_at: seededAt + 30 * day,
          updated_at: at
        })
      })
    )

    guarantee("a challenge that is missing is made, with the workspace of its domain [W49]", (store) =>
      Effect.gen(function* () {
        yield* seedDomain("*.example.com")
        const wildcard = domainId("*.example.com")
        yield* store.writeChallenge({ domainId: wildcard, token: "t", authorization: "a", at })
        assert.deepStrictEqual((yield* rowsOf).acme_challenges, [
          {
            domain_id: wildcard,
            workspace_id: workspaceId,
            token: "t",
            challenge_type: "DNS-01",
            authorization: "a",
            status: "pending",
            expires_at: 0,
            created_at: at,
            updated_at: null
          }
        ])
      })
    )

    guarantee("nothing is written for a domain that is gone", (store) =>
      Effect.gen(function* () {
        const before = yield* rowsOf
        assert.isFalse(yield* store.writeChallenge({ domainId: id, token: "t", authorization: "a", at }))
        yield* store.markFailed({ domainId: id, reason: "no", at })
        yield* store.markVerified({ domainId: id, expiresAt: 1, at })
        assert.deepStrictEqual(yield* store.save(certificate("chain"), always), { _tag: "Gone" })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("a failure says why at a verified domain, keeps the expiry, and a certificate clears it", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(name)
        yield* store.markFailed({ domainId: id, reason: "x".repeat(600), at })
        const failed = yield* rowsOf
        assert.deepInclude(failed.acme_challenges[0], { status: "failed", expires_at: seededAt + 30 * day })
        assert.strictEqual(failed.custom_domains[0]?.verification_error, "x".repeat(512))
        yield* store.save(certificate("chain", { at: later }), always)
        assert.deepInclude((yield* rowsOf).custom_domains[0], { verification_error: null, updated_at: later })
      })
    )

    guarantee("a domain that is not verified keeps the text that says why", (store) =>
      Effect.gen(function* () {
        yield* seedDomain(name, { verification_status: "failed", verification_error: "timed out" })
        yield* store.markFailed({ domainId: id, reason: "another reason", at })
        yield* store.markVerified({ domainId: id, expiresAt: 5, at })
        const { acme_challenges, custom_domains } = yield* rowsOf
        assert.strictEqual(custom_domains[0]?.verification_error, "timed out")
        assert.deepInclude(acme_challenges[0], { status: "verified", expires_at: 5 })
      })
    )

    guarantee("a renewed certificate keeps its id and its time of creation", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(name)
        assert.deepStrictEqual(yield* store.save(certificate("first"), always), { _tag: "Saved", id: "cert_1" })
        const renewed = certificate("second", { id: "cert_2", at: later, expiresAt: later + 90 * day })
        assert.deepStrictEqual(yield* store.save(renewed, always), { _tag: "Saved", id: "cert_1" })
        const rows = yield* rowsOf
        assert.deepStrictEqual(rows.certificates, [
          {
            id: "cert_1",
            workspace_id: workspaceId,
            hostname: name,
            certificate: "second",
            encrypted_private_key: "key of second",
            created_at: at,
            updated_at: later
          }
        ])
        assert.deepInclude(rows.acme_challenges[0], { status: "verified", expires_at: later + 90 * day })
      })
    )

    guarantee("saving the same certificate again changes nothing and answers the same", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(name)
        const first = yield* store.save(certificate("chain"), (current) => current === null)
        const rows = yield* rowsOf
        assert.deepStrictEqual(yield* store.save(certificate("chain"), (current) => current === null), first)
        assert.deepStrictEqual(yield* rowsOf, rows)
      })
    )

    guarantee("a certificate that was replaced meanwhile is not overwritten", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(name)
        yield* store.save(certificate("theirs"), always)
        const before = yield* rowsOf
        const outcome = yield* store.save(certificate("ours"), (current) => current === null)
        assert.deepStrictEqual(outcome, { _tag: "Changed" })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("of two that save at once, the second sees what the first one stored", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(name)
        const outcomes = yield* Effect.all(
          [
            store.save(certificate("one"), (current) => current === null),
            store.save(certificate("two"), (current) => current === null)
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag).sort(), ["Changed", "Saved"])
      })
    )

    guarantee("two that make the first account at once get the same one [W42]", (store) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* store.account, Option.none())
        const add = (key: string) => store.addAccount({ id: "acme_1", encryptedKey: key, at })
        const [one, two] = yield* Effect.all([add("a key"), add("another")], { concurrency: "unbounded" })
        assert.deepStrictEqual(one, two)
        assert.strictEqual((yield* rowsOf).acme_users.length, 1)
        yield* store.setRegistration({ id: one.id, uri: "https://ca.test/account/1", at: later })
        assert.deepStrictEqual(
          yield* store.account,
          Option.some({ ...one, registrationUri: "https://ca.test/account/1" })
        )
        assert.deepInclude((yield* rowsOf).acme_users[0], { workspace_id: "acme", created_at: at, updated_at: later })
      })
    )

    guarantee("pages list every domain that has or needs a certificate exactly once, oldest first", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain("a.example.com")
        yield* seedDomain("unverified.example.com", { verification_status: "verifying" })
        yield* seedDomain("b.example.com")
        yield* seedDomain("again.example.com", { verification_status: "verifying" })
        yield* seedChallenge("again.example.com", { status: "verified", updated_at: at })
        const listed: Array<readonly [string, string | null, number | null]> = []
        let after = 0
        for (let page = 0; page < 5; page++) {
          const { next, rows } = yield* store.page(after, 2)
          for (const row of rows) if (row._tag === "Listed") listed.push([row.name, row.status, row.changedAt])
          if (next === null) break
          after = next
        }
        assert.deepStrictEqual(listed, [
          ["a.example.com", "waiting", seededAt],
          ["b.example.com", null, null],
          ["again.example.com", "verified", at]
        ])
      })
    )

    guarantee(
      "a page names rows that are no domain, or not this row's, with the reason, and lists the others",
      (store) =>
        Effect.gen(function* () {
          yield* seedDomain("a_b.example.com")
          yield* seedDomain("twice.example.com.")
          yield* seedDomain("twice.example.com")
          yield* seedDomain("wide\u3002example.com")
          yield* seedDomain("b\u00fccher.example")
          yield* seedDomain("\u{1f600}".repeat(50).concat(".example"))
          const { next, rows } = yield* store.page(0, 10)
          const seen = rows.map((row) => (row._tag === "Listed" ? row.name : [row.id, row.problem]))
          assert.isNull(next)
          assert.deepStrictEqual(seen, [
            [domainId("a_b.example.com"), "not a domain name that can be served: host names have no underscore"],
            "twice.example.com",
            [
              domainId("twice.example.com"),
              'the same domain was added before as "twice.example.com."; remove one of the two'
            ],
            [domainId("wide\u3002example.com"), "it is another spelling of wide.example.com; add it in that spelling"],
            "xn--bcher-kva.example",
            "xn--e28haaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"
          ])
        })
    )

    guarantee("refused rows say why, once, and rows of the platform are never refused", (store) =>
      Effect.gen(function* () {
        yield* seedVerifiedDomain(name)
        yield* seedDomain("*.unkey.test", { workspace_id: infrastructureWorkspace })
        const refusals = [
          { id, problem: "no" },
          { id: domainId("*.unkey.test"), problem: "no" }
        ]
        yield* store.refuse(refusals, at)
        const refused = yield* rowsOf
        assert.deepStrictEqual(
          refused.custom_domains.map((row) => [row.domain, row.verification_status, row.verification_error]),
          [
            ["*.unkey.test", "verified", null],
            [name, "failed", "no"]
          ]
        )
        yield* store.refuse(refusals, later)
        assert.deepStrictEqual(yield* rowsOf, refused)
      })
    )

    guarantee("infrastructure domains are made once and repaired [W49]", (store) =>
      Effect.gen(function* () {
        yield* seedDomain("*.half.test", { workspace_id: infrastructureWorkspace })
        const wanted = wantedOf("*.unkey.test", "*.half.test")
        yield* store.ensureInfrastructure(wanted, at)
        const first = yield* rowsOf
        yield* store.ensureInfrastructure(wanted, later)
        assert.deepStrictEqual(yield* rowsOf, first)
        assert.deepStrictEqual(yield* store.findConflicts(wanted.map((domain) => domain.name)), [])
        assert.deepInclude(
          first.custom_domains.find(({ domain }) => domain === "*.unkey.test"),
          {
            id: "dom_infra_0",
            workspace_id: infrastructureWorkspace,
            project_id: infrastructureWorkspace,
            environment_id: infrastructureWorkspace,
            challenge_type: "DNS-01",
            verification_status: "verified",
            verification_token: "",
            target_cname: "label0"
          }
        )
        assert.deepStrictEqual(
          first.acme_challenges.map((row) => [row.domain_id, row.workspace_id, row.status, row.expires_at]),
          [
            [domainId("*.half.test"), infrastructureWorkspace, "waiting", 0],
            ["dom_infra_0", infrastructureWorkspace, "waiting", 0]
          ]
        )
      })
    )

    guarantee("no row of a tenant keeps the platform from its own name, however many spellings it takes", (store) =>
      Effect.gen(function* () {
        const wildcard = named("*.unkey.test")
        yield* seedVerifiedDomain("*.unkey.test")
        yield* seedDomain("*.unkey.test.", {}, "other")
        const wanted = wantedOf("*.unkey.test")
        yield* store.ensureInfrastructure(wanted, at)
        const first = yield* rowsOf
        yield* store.ensureInfrastructure(wanted, later)
        assert.deepStrictEqual(yield* rowsOf, first)
        assert.deepStrictEqual(
          first.custom_domains.map((row) => [row.domain, row.workspace_id, row.verification_status]),
          [
            ["*.unkey.test", workspaceId, "failed"],
            [`refused#${domainId("*.unkey.test.")}`, namesOf("other").workspaceId, "failed"],
            ["*.unkey.test.", infrastructureWorkspace, "verified"]
          ]
        )
        assert.strictEqual(first.custom_domains[0]?.verification_error, "it belongs to the platform itself")
        const found = Option.getOrThrow(yield* store.find(wildcard))
        assert.deepInclude(found, { id: "dom_infra_0", name: wildcard, workspaceId: infrastructureWorkspace })
        assert.deepStrictEqual(yield* store.findConflicts([wildcard]), [
          { id: domainId("*.unkey.test"), name: wildcard, workspaceId }
        ])
        yield* store.save(certificate("chain", { domainId: "dom_infra_0" }), always)
        assert.deepInclude((yield* rowsOf).certificates[0], {
          hostname: wildcard,
          workspace_id: infrastructureWorkspace
        })
        assert.deepStrictEqual([...(yield* store.remainingLife(at))], [["more", 1]])
      })
    )

    guarantee("certificates are counted by the life they have left, whatever became of their renewal", (store) =>
      Effect.gen(function* () {
        const lives = { "a.test": -1, "b.test": day, "c.test": 7 * day, "d.test": 14 * day, "e.test": 30 * day }
        for (const [domain, left] of Object.entries({ ...lives, "f.test": 31 * day, "g.test": 60 * day })) {
          yield* seedVerifiedDomain(domain)
          const own = { id: `cert_${domain}`, domainId: domainId(domain), expiresAt: at + left }
          yield* store.save(certificate(domain, own), always)
        }
        yield* store.markFailed({ domainId: domainId("a.test"), reason: "no", at })
        yield* seedVerifiedDomain("without.test")
        assert.deepStrictEqual([...(yield* store.remainingLife(at))].sort(), [
          ["14d", 1],
          ["1d", 1],
          ["30d", 1],
          ["7d", 1],
          ["expired", 1],
          ["more", 2]
        ])
      })
    )
  })
