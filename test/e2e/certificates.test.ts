import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Frontline } from "../../dev/simulators/Frontline.ts"
import { Route53Server } from "../../dev/simulators/Route53Server.ts"
import { ChallengeTestServer } from "../../dev/stack/ChallengeTestServer.ts"
import { infrastructureWorkspace } from "../../src/services/certificate/CertificateStore.ts"
import { seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { namesOf, seedCustomDomain, seedDeployment, seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { certificateStack, delegationOf, platformDomain } from "./support/certificateStack.ts"
import {
  assertCertified,
  assertMadeAtCa,
  certificateRow,
  orderRequests,
  processChallenge,
  reissue,
  renewAll
} from "./support/certificates.ts"
import { rows } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"

const { workspaceId } = namesOf("shop")

const untilCertified = (domain: string) =>
  eventually(`the certificate of ${domain}`, certificateRow(domain), (row) => row !== undefined)

layer(certificateStack(), { excludeTestServices: true, timeout: "1 minute" })("a certificate", (it) => {
  it.effect("follows the verification of a domain by itself, and serves it with a key that the vault has", () =>
    Effect.gen(function* () {
      const domain = "www.customer.test"
      const restate = yield* RestateClient
      const dns = yield* ChallengeTestServer
      yield* seedProject("shop", { regions: {} })
      yield* seedDeployment("shop", "d_1", { status: "ready" })
      yield* seedCustomDomain("shop", domain)
      yield* dns.addTxt(`_unkey.${domain}`, `unkey-domain-verify=token-${domain}`)
      yield* dns.setCname(domain, `target-${domain}.cname.unkey.test`)
      const verified = yield* restate.call(`hydra.v1.CustomDomainService/${domain}/VerifyDomain`, {})
      assert.deepInclude(verified, { status: 200, body: {} })
      yield* untilCertified(domain)
      yield* assertCertified(domain, workspaceId)
      yield* assertMadeAtCa(domain, 1)
      const questions = (yield* (yield* Frontline).questions).filter(({ host }) => host === domain)
      assert.isNotEmpty(questions)
      assert.deepStrictEqual([...new Set(questions.map(({ outcome }) => outcome))], ["answered"])
    })
  )

  it.effect("of the platform's wildcard comes with the renewal of all, over DNS, and leaves no record behind", () =>
    Effect.gen(function* () {
      const wildcard = `*.${platformDomain}`
      const { requests, txt } = yield* Route53Server
      assert.deepInclude((yield* renewAll()).body, { renewalsTriggered: 1 })
      yield* untilCertified(wildcard)
      yield* assertCertified(wildcard, infrastructureWorkspace)
      yield* assertMadeAtCa(wildcard, 1)
      const record = `_acme-challenge.${platformDomain}`
      yield* eventually("no record", txt(record), (values) => values.length === 0)
      const changes = (yield* requests).filter((request) => request.startsWith("POST"))
      assert.lengthOf(changes, 2)
    })
  )

  it.effect("is proven where the owner has delegated the challenge to", () =>
    Effect.gen(function* () {
      const wildcard = "*.delegated.test"
      const record = delegationOf(wildcard)
      const { requests, txt } = yield* Route53Server
      const before = (yield* requests).length
      yield* seedVerifiedDomain(wildcard)
      yield* (yield* ChallengeTestServer).setCname("_acme-challenge.delegated.test", record)
      const row = yield* processChallenge(wildcard)
      assert.strictEqual(row.status, 200)
      yield* assertCertified(wildcard, workspaceId)
      yield* assertMadeAtCa(wildcard, 1)
      assert.deepStrictEqual(yield* txt(record), [])
      const changes = (yield* requests).slice(before).filter((request) => request.startsWith("POST"))
      assert.lengthOf(changes, 2)
    })
  )

  it.effect("is neither ordered nor proven where the challenge leads to any other name of ours", () =>
    Effect.gen(function* () {
      const wildcard = "*.undelegated.test"
      const { requests } = yield* Route53Server
      const before = (yield* requests).length
      yield* seedVerifiedDomain(wildcard)
      yield* (yield* ChallengeTestServer).setCname("_acme-challenge.undelegated.test", `victim.${platformDomain}`)
      assert.deepStrictEqual(yield* processChallenge(wildcard), { status: 200, body: { status: "failed" } })
      assert.deepStrictEqual((yield* requests).slice(before), [])
      assert.isEmpty(yield* orderRequests(wildcard))
      const row = (yield* rows).custom_domains.find(({ domain }) => domain === wildcard)
      assert.include(row?.verification_error ?? "", `expected ${delegationOf(wildcard)}`)
    })
  )

  it.effect("is ordered once, however often, by whomever and at whichever key it is asked for", () =>
    Effect.gen(function* () {
      const domain = "often.customer.test"
      const restate = yield* RestateClient
      yield* seedVerifiedDomain(domain)
      const elsewhere = restate.call("hydra.v1.CertificateService/another/ProcessChallenge", { domain })
      const asked = yield* Effect.all(
        [...Array.from({ length: 6 }, () => processChallenge(domain)), elsewhere, elsewhere],
        { concurrency: "unbounded" }
      )
      const row = yield* assertCertified(domain, workspaceId)
      const body = { certificateId: row.id, status: "success" }
      for (const answer of asked) assert.deepInclude(answer, { status: 200, body })
      assert.deepStrictEqual(yield* processChallenge(domain), { status: 200, body })
      yield* assertMadeAtCa(domain, 1)
    })
  )

  it.effect("keeps its id and its time of creation when it is replaced", () =>
    Effect.gen(function* () {
      const domain = "replaced.customer.test"
      yield* seedVerifiedDomain(domain)
      yield* processChallenge(domain)
      const first = yield* assertCertified(domain, workspaceId)
      assert.deepStrictEqual(yield* reissue(domain), {
        status: 200,
        body: { certificateId: first.id, status: "success" }
      })
      const second = yield* assertCertified(domain, workspaceId)
      assert.deepInclude(second, { id: first.id, created_at: first.created_at })
      assert.notStrictEqual(second.certificate, first.certificate)
      assert.notStrictEqual(second.encrypted_private_key, first.encrypted_private_key)
      yield* assertMadeAtCa(domain, 2)
    })
  )
})
