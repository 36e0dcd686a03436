import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CustomDomainService } from "../../../src/contract/CustomDomainService.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { seedDeployment, seedProject, seedRoute } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { advance, ControlPlane, drain, outage } from "../../support/workflows/ControlPlane.ts"
import {
  Certificates,
  domain,
  domainId,
  domainRow,
  looks,
  publishAll,
  publishCname,
  publishOwnership,
  retryVerification,
  shop,
  stateOfRun,
  target,
  token,
  verifyDomain,
  withDomain,
  withDomains
} from "../../support/workflows/CustomDomains.ts"
import { answerOf, rows, timed } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

const day = 24 * 60 * 60_000
const month = 30 * day
const stuck = Effect.map(ControlPlane, ({ engine }) => unfinished(engine))

describe("a domain whose records are right", () => {
  it.effect(
    "is verified at once, with route, challenge and a request for a certificate, and leaves nothing behind",
    () =>
      Effect.gen(function* () {
        yield* withDomain()
        yield* seedDeployment("shop", "d_1", { status: "ready" })
        yield* (yield* World).update("projects", { id: shop.projectId }, { live_deployment_id: "d_1" })
        yield* publishAll
        const { answer, took } = yield* timed(Effect.flatMap(verifyDomain, answerOf))
        assert.deepStrictEqual([answer, took], [{ code: 200, message: "" }, 0])
        yield* advance(0)
        const { engine } = yield* ControlPlane
        const now = engine.time.now
        assert.deepInclude(yield* domainRow, {
          verification_status: "verified",
          verification_error: null,
          ownership_verified: true,
          cname_verified: true,
          check_attempts: 1,
          last_checked_at: now
        })
        const { acme_challenges, frontline_routes } = yield* rows
        assert.strictEqual(frontline_routes.length, 1)
        assert.deepInclude(frontline_routes[0], {
          project_id: shop.projectId,
          environment_id: shop.productionId,
          deployment_id: "d_1",
          fully_qualified_domain_name: domain,
          sticky: "live"
        })
        assert.match(frontline_routes[0]?.id ?? "", /^flr_[A-Za-z0-9]{16}$/)
        assert.strictEqual(acme_challenges.length, 1)
        assert.deepInclude(acme_challenges[0], {
          domain_id: domainId,
          workspace_id: shop.workspaceId,
          challenge_type: "HTTP-01",
          status: "waiting",
          token: "",
          authorization: "",
          expires_at: now + month
        })
        yield* drain
        assert.deepStrictEqual(yield* stateOfRun, {})
        assert.deepStrictEqual(yield* stuck, [])
      }).pipe(withDomains())
  )

  it.effect("[W22] has its route and its challenge before a certificate is asked for", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* publishAll
      yield* verifyDomain
      yield* drain
      const { ordered } = yield* Certificates
      assert.deepStrictEqual(ordered, [{ workspaceId: shop.workspaceId, domain, hasRoute: true, hasChallenge: true }])
    }).pipe(withDomains())
  )

  it.effect("[W22] of a preview follows the newest deployment of its own environment", () =>
    Effect.gen(function* () {
      yield* withDomain({ environment_id: shop.previewId, challenge_type: "DNS-01" })
      yield* seedDeployment("shop", "d_live", { status: "ready" })
      yield* seedDeployment("shop", "d_preview", { status: "ready", environment_id: shop.previewId })
      yield* (yield* World).update("projects", { id: shop.projectId }, { live_deployment_id: "d_live" })
      yield* publishAll
      yield* verifyDomain
      yield* drain
      const { acme_challenges, frontline_routes } = yield* rows
      assert.deepInclude(frontline_routes[0], {
        environment_id: shop.previewId,
        deployment_id: "d_preview",
        sticky: "environment"
      })
      assert.deepInclude(acme_challenges[0], { challenge_type: "DNS-01" })
    }).pipe(withDomains())
  )

  it.effect("gets a route that leads nowhere yet when nothing was deployed", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* publishAll
      yield* verifyDomain
      yield* drain
      assert.deepInclude((yield* rows).frontline_routes[0], { deployment_id: "", sticky: "live" })
    }).pipe(withDomains())
  )

  it.effect("[W5] is not verified while its name serves another project, and says so", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* seedProject("other")
      const foreign = yield* seedRoute("other", domain, { deployment_id: "d_o", sticky: "live" })
      const before = (yield* rows).frontline_routes
      yield* publishAll
      yield* verifyDomain
      yield* advance(0)
      assert.deepInclude(yield* domainRow, {
        verification_status: "verifying",
        verification_error: `${domain} serves another project already; remove it there first`,
        ownership_verified: true,
        cname_verified: true
      })
      assert.deepStrictEqual((yield* rows).frontline_routes, before)
      yield* (yield* World).update("frontline_routes", { id: foreign }, { project_id: shop.projectId })
      yield* advance(60_000)
      assert.deepInclude(yield* domainRow, { verification_status: "verified", verification_error: null })
      yield* drain
    }).pipe(withDomains())
  )

  it.effect("is not verified for a workspace that its project does not belong to", () =>
    Effect.gen(function* () {
      yield* withDomain({ workspace_id: "ws_other" })
      yield* publishAll
      yield* verifyDomain
      yield* advance(600_000)
      yield* outage(day)
      yield* drain
      const { acme_challenges, frontline_routes } = yield* rows
      assert.deepStrictEqual([acme_challenges.length, frontline_routes.length], [0, 0])
      assert.deepInclude(yield* domainRow, { verification_status: "failed" })
      assert.match((yield* domainRow).verification_error ?? "", /does not exist in its workspace any more/)
    }).pipe(withDomains())
  )
})

describe("a domain whose records are not right yet", () => {
  it.effect("says after each attempt what is wrong and what to do, and is verified soon after it was put right", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* withDomain()
      yield* verifyDomain
      yield* advance(0)
      assert.deepInclude(yield* domainRow, {
        verification_status: "verifying",
        check_attempts: 1,
        ownership_verified: false,
        cname_verified: false,
        verification_error: `there is no TXT record at _unkey.${domain}; add one with the value unkey-domain-verify=${token}; ${domain} has no CNAME record; add one that points to ${target}`
      })
      yield* publishOwnership
      yield* dns.set("CNAME", domain, ["elsewhere.example.net"])
      yield* advance(15_000)
      assert.deepInclude(yield* domainRow, {
        check_attempts: 2,
        ownership_verified: true,
        cname_verified: false,
        verification_error: `the CNAME of ${domain} points to elsewhere.example.net, expected ${target}`
      })
      yield* publishCname
      yield* advance(22_500)
      assert.deepInclude(yield* domainRow, {
        verification_status: "verified",
        check_attempts: 3,
        cname_verified: true,
        verification_error: null
      })
      yield* drain
    }).pipe(withDomains())
  )

  it.effect("is looked at after 15 s, ever later, and then each minute", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* verifyDomain
      const { engine } = yield* ControlPlane
      const startedAt = engine.time.now
      const checkedAt: Array<number> = []
      for (let second = 0; second < 300; second++) {
        const at = ((yield* domainRow).last_checked_at ?? startedAt) - startedAt
        if (checkedAt.at(-1) !== at) checkedAt.push(at)
        yield* advance(1_000)
      }
      assert.deepStrictEqual(checkedAt, [0, 15_000, 37_500, 71_250, 121_875, 181_875, 241_875])
    }).pipe(withDomains())
  )

  it.effect("[W12] has failed after a day, with the last reason, and nothing goes on", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* publishOwnership
      const { engine } = yield* ControlPlane
      const startedAt = engine.time.now
      yield* verifyDomain
      yield* advance(day - 1)
      assert.deepInclude(yield* domainRow, { verification_status: "verifying" })
      yield* drain
      assert.strictEqual(engine.time.now, startedAt + day)
      const row = yield* domainRow
      assert.deepInclude(row, {
        verification_status: "failed",
        ownership_verified: true,
        cname_verified: false,
        last_checked_at: startedAt + day,
        verification_error: `not verified within 24 hours; ${domain} has no CNAME record; add one that points to ${target}`
      })
      assert.isBelow(row.check_attempts, 1_445)
      assert.deepStrictEqual(yield* stateOfRun, {})
      assert.deepStrictEqual(yield* stuck, [])
      assert.isTrue(engine.invocations.every(({ result }) => result?.ok === true))
    }).pipe(withDomains())
  )

  for (const [name, again] of [
    ["VerifyDomain", verifyDomain],
    ["RetryVerification", retryVerification]
  ] as const)
    it.effect(`[W20] gets another full day from ${name} after its first one has failed`, () =>
      Effect.gen(function* () {
        yield* withDomain()
        yield* verifyDomain
        yield* advance(600_000)
        yield* outage(day)
        yield* drain
        assert.deepInclude(yield* domainRow, { verification_status: "failed" })
        yield* advance(10 * day)
        const attempts = (yield* domainRow).check_attempts
        yield* again
        yield* advance(60_000)
        yield* outage(day - 300_000)
        yield* advance(180_000)
        assert.deepInclude(yield* domainRow, { verification_status: "verifying" })
        if (name === "RetryVerification") assert.isAtMost((yield* domainRow).check_attempts, attempts)
        yield* publishAll
        yield* drain
        assert.deepInclude(yield* domainRow, { verification_status: "verified", verification_error: null })
        assert.strictEqual((yield* Certificates).ordered.length, 1)
      }).pipe(withDomains())
    )

  it.effect("[W54] is reset by RetryVerification, which answers at once and checks like any other run", () =>
    Effect.gen(function* () {
      yield* withDomain({
        verification_status: "failed",
        verification_error: "old",
        check_attempts: 99,
        last_checked_at: 5,
        invocation_id: "inv_1"
      })
      const { answer, took } = yield* timed(Effect.flatMap(retryVerification, answerOf))
      assert.deepStrictEqual([answer.code, took], [200, 0])
      yield* advance(0)
      assert.deepInclude(yield* domainRow, {
        verification_status: "verifying",
        check_attempts: 1,
        invocation_id: null
      })
      yield* publishAll
      yield* drain
      assert.deepInclude(yield* domainRow, { verification_status: "verified" })
    }).pipe(withDomains())
  )
})

describe("a verified domain", () => {
  it.effect("[W49] whose route and challenge are missing gets both back from VerifyDomain, without asking DNS", () =>
    Effect.gen(function* () {
      yield* withDomain({ verification_status: "verified", check_attempts: 3, last_checked_at: 7 })
      const before = yield* domainRow
      yield* verifyDomain
      yield* drain
      const { acme_challenges, frontline_routes } = yield* rows
      assert.deepStrictEqual([acme_challenges.length, frontline_routes.length], [1, 1])
      assert.strictEqual((yield* Certificates).ordered.length, 1)
      assert.deepStrictEqual(yield* domainRow, before)
      assert.deepStrictEqual(yield* stateOfRun, {})
    }).pipe(withDomains())
  )

  it.effect("whose challenge has failed gets another try from VerifyDomain", () =>
    Effect.gen(function* () {
      yield* withDomain()
      yield* publishAll
      yield* verifyDomain
      yield* drain
      yield* (yield* World).update("acme_challenges", { domain_id: domainId }, { status: "failed" })
      yield* verifyDomain
      yield* drain
      assert.strictEqual((yield* rows).acme_challenges[0]?.status, "waiting")
      assert.strictEqual((yield* Certificates).ordered.length, 2)
    }).pipe(withDomains())
  )

  it.effect("with a certificate is left as it is, and its flags stay when DNS has changed [W21]", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* withDomain()
      yield* publishAll
      yield* verifyDomain
      yield* drain
      yield* (yield* World).update("acme_challenges", { domain_id: domainId }, { status: "verified" })
      const before = yield* rows
      yield* dns.set("CNAME", domain, [])
      yield* verifyDomain
      yield* drain
      assert.deepStrictEqual(yield* rows, before)
      assert.strictEqual((yield* Certificates).ordered.length, 1)
    }).pipe(withDomains())
  )

  it.effect("[W5] is not repaired over the route of another project, and nothing goes on", () =>
    Effect.gen(function* () {
      yield* withDomain({ verification_status: "verified" })
      yield* seedProject("other")
      yield* seedRoute("other", domain)
      const before = yield* rows
      yield* verifyDomain
      yield* drain
      assert.deepStrictEqual(yield* rows, before)
      assert.strictEqual(yield* looks, 1)
    }).pipe(withDomains())
  )
})

describe("a request", () => {
  for (const [what, body] of [
    ["a list", "[]"],
    ["not JSON", "{"],
    ["text", '"verify"']
  ] as const)
    for (const handler of ["VerifyDomain", "RetryVerification"])
      it.effect(`to ${handler} whose body is ${what} is refused with 400 and changes nothing`, () =>
        Effect.gen(function* () {
          yield* withDomain()
          const { engine } = yield* ControlPlane
          const before = yield* rows
          const target = { service: CustomDomainService.name, key: domain, handler }
          const answer = yield* answerOf(engine.request(target, new TextEncoder().encode(body)))
          assert.strictEqual(answer.code, 400)
          yield* drain
          assert.deepStrictEqual(yield* rows, before)
        }).pipe(withDomains())
      )

  it.effect("to check without a nonce is refused with 400, and one of no run does nothing", () =>
    Effect.gen(function* () {
      yield* withDomain()
      const { engine } = yield* ControlPlane
      const target = { service: CustomDomainService.name, key: domain, handler: "CheckDomain" }
      const check = (body: string) => answerOf(engine.request(target, new TextEncoder().encode(body)))
      assert.strictEqual((yield* check("{}")).code, 400)
      assert.strictEqual((yield* check('{"nonce":"another"}')).code, 200)
      assert.strictEqual(yield* looks, 0)
    }).pipe(withDomains())
  )
})
