import { assert, layer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { infrastructureWorkspace } from "../../src/services/certificate/CertificateStore.ts"
import {
  type ActivationPlan,
  type ActivationSnapshot,
  DomainStore
} from "../../src/services/customDomain/DomainStore.ts"
import { namesOf, seedCustomDomain, seedDeployment, seededAt, seedProject, seedRoute } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { named } from "../support/named.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const at = seededAt + 1_000
const expiresAt = at + 30 * 86_400_000
const fqdn = named("app.example.com")
const domainId = "dom_app.example.com"
const shop = namesOf("shop")
const rowsOf = Effect.flatMap(World, (world) => world.dump)
const domainRow = Effect.map(rowsOf, ({ custom_domains }) => custom_domains.find(({ id }) => id === domainId))

const attempt = {
  domainId,
  at,
  status: "verifying",
  ownershipVerified: true,
  cnameVerified: false,
  problem: "no CNAME"
} as const
const request = { domainId, routeId: "flr_app", at, challengeExpiresAt: expiresAt }

const plan = <A>(answer: A, changes: Partial<ActivationPlan<A>> = {}): ActivationPlan<A> => ({
  route: null,
  challenge: null,
  isVerified: false,
  answer,
  ...changes
})

/** Everything a new domain gets. */
const everything = (snapshot: ActivationSnapshot) =>
  plan("activated", {
    route: { action: snapshot.route === null ? "insert" : "move", sticky: "live", deploymentId: "d_1" },
    challenge: snapshot.challenge === null ? "insert" : null,
    isVerified: true
  })

const seed = Effect.all([seedProject("shop"), seedProject("other"), seedCustomDomain("shop", fqdn)])

/** What every implementation of `DomainStore` promises. */
export const domainStoreContract = <E>(name: string, stores: Layer.Layer<DomainStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`DomainStore: ${name}`, (it) => {
    const guarantee = guaranteesOf(it, DomainStore, seed)

    guarantee("a domain is found by its name, and an unknown one is not", (store) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* store.find(fqdn), {
          id: domainId,
          status: "pending",
          verificationToken: "token-app.example.com",
          targetCname: "target-app.example.com.cname.unkey.test"
        })
        assert.isNull(yield* store.find(named("unknown.example.com")))
      })
    )

    guarantee("a run that begins marks the domain and forgets the last error, and answers with its row's id", (store) =>
      Effect.gen(function* () {
        yield* (yield* World).update(
          "custom_domains",
          { id: domainId },
          { verification_status: "failed", verification_error: "old", check_attempts: 7, last_checked_at: 5 }
        )
        assert.strictEqual(yield* store.beginVerification({ domain: fqdn, reset: false, at }), domainId)
        assert.deepInclude(yield* domainRow, {
          verification_status: "verifying",
          verification_error: null,
          check_attempts: 7,
          last_checked_at: 5,
          updated_at: at
        })
        assert.isNull(yield* store.beginVerification({ domain: named("unknown.example.com"), reset: false, at }))
      })
    )

    guarantee("a run that begins leaves a verified domain as it is", (store) =>
      Effect.gen(function* () {
        yield* (yield* World).update("custom_domains", { id: domainId }, { verification_status: "verified" })
        const before = yield* rowsOf
        assert.strictEqual(yield* store.beginVerification({ domain: fqdn, reset: false, at }), domainId)
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("a reset takes back attempts, error, last check and invocation, whatever the status", (store) =>
      Effect.gen(function* () {
        const world = yield* World
        for (const status of ["pending", "verifying", "failed", "verified"] as const) {
          yield* world.update(
            "custom_domains",
            { id: domainId },
            {
              verification_status: status,
              verification_error: "old",
              check_attempts: 7,
              last_checked_at: 5,
              invocation_id: "inv_1"
            }
          )
          assert.strictEqual(yield* store.beginVerification({ domain: fqdn, reset: true, at }), domainId)
          const once = yield* domainRow
          assert.deepInclude(once, {
            verification_status: "verifying",
            verification_error: null,
            check_attempts: 0,
            last_checked_at: null,
            invocation_id: null,
            updated_at: at
          })
          yield* store.beginVerification({ domain: fqdn, reset: true, at })
          assert.deepStrictEqual(yield* domainRow, once)
        }
      })
    )

    guarantee("a domain is found by its name in the spellings that rows have", (store) =>
      Effect.gen(function* () {
        yield* seedCustomDomain("shop", "dot.example.com.", { id: "dom_dot" })
        yield* seedCustomDomain("shop", "b\u00fccher.example", { id: "dom_unicode" })
        yield* seedCustomDomain("shop", "*.xn--bcher-kva.example", { id: "dom_wildcard" })
        const found = (name: string) => Effect.map(store.find(named(name)), (row) => row?.id ?? null)
        assert.strictEqual(yield* found("dot.example.com"), "dom_dot")
        assert.strictEqual(yield* found("XN--BCHER-KVA.example"), "dom_unicode")
        assert.strictEqual(yield* found("*.b\u00fccher.example"), "dom_wildcard")
        assert.strictEqual(
          yield* store.beginVerification({ domain: named("b\u00fccher.example"), reset: false, at }),
          "dom_unicode"
        )
      })
    )

    guarantee(
      "of several rows of a name one is the domain: the proven one, else the older; the others say why",
      (store) =>
        Effect.gen(function* () {
          const world = yield* World
          yield* seedCustomDomain("other", `${fqdn}.`, { id: "dom_late" })
          assert.strictEqual((yield* store.find(fqdn))?.id, domainId)
          yield* world.update("custom_domains", { id: "dom_late" }, { verification_status: "verified" })
          assert.strictEqual((yield* store.find(fqdn))?.id, "dom_late")
          assert.strictEqual(yield* store.beginVerification({ domain: fqdn, reset: false, at }), "dom_late")
          const refused = yield* domainRow
          const problem = 'the same domain was added before as "app.example.com."; remove one of the two'
          assert.deepInclude(refused, { verification_status: "failed", verification_error: problem, updated_at: at })
          yield* store.beginVerification({ domain: fqdn, reset: false, at: at + 1 })
          assert.deepStrictEqual(yield* domainRow, refused)
        })
    )

    guarantee(
      "a row is settled by its own text: refused when the name is another's or cannot be found in it",
      (store) =>
        Effect.gen(function* () {
          yield* seedCustomDomain("other", `${fqdn}.`, { id: "dom_late" })
          yield* seedCustomDomain("other", "a\u3002example.com", { id: "dom_width" })
          const rowOf = (id: string) =>
            Effect.map(rowsOf, ({ custom_domains }) => custom_domains.find((row) => row.id === id))
          const settle = (stored: string, name: string) => store.resolveSpelling({ domain: named(name), stored, at })
          const before = yield* rowsOf
          assert.isNull(yield* settle(fqdn, fqdn))
          assert.isNull(yield* settle("nothing.example.com", "nothing.example.com"))
          assert.deepStrictEqual(yield* rowsOf, before)
          assert.include(yield* settle(`${fqdn}.`, fqdn), "added before")
          assert.deepInclude(yield* rowOf("dom_late"), { verification_status: "failed" })
          const problem = "it is another spelling of a.example.com; add it in that spelling"
          assert.strictEqual(yield* settle("a\u3002example.com", "a.example.com"), problem)
          assert.deepInclude(yield* rowOf("dom_width"), { verification_status: "failed", verification_error: problem })
        })
    )

    guarantee("a refusal reaches the row with exactly this text, and never one of the platform", (store) =>
      Effect.gen(function* () {
        const world = yield* World
        yield* seedCustomDomain("other", "a_b.example.com", { id: "dom_unfit" })
        yield* store.reject({ stored: "a_b.example.com", problem: "no", at })
        yield* store.reject({ stored: "a-b.example.com", problem: "no", at })
        const { custom_domains } = yield* rowsOf
        assert.deepInclude(
          custom_domains.find(({ id }) => id === "dom_unfit"),
          {
            verification_status: "failed",
            verification_error: "no",
            updated_at: at
          }
        )
        yield* world.update("custom_domains", { id: domainId }, { workspace_id: infrastructureWorkspace })
        const before = yield* rowsOf
        yield* store.reject({ stored: fqdn, problem: "no", at })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("the route of a domain has its name in the canonical spelling, whatever the row has", (store) =>
      Effect.gen(function* () {
        yield* seedCustomDomain("shop", "b\u00fccher.example.", { id: "dom_unicode" })
        const own = { ...request, domainId: "dom_unicode" }
        const names: Array<string> = []
        const decide = (snapshot: ActivationSnapshot) => {
          names.push(snapshot.domain.fqdn, String(snapshot.refusal), String(snapshot.route?.sticky))
          return everything(snapshot)
        }
        yield* store.activate(own, decide)
        yield* store.activate(own, decide)
        assert.deepStrictEqual(names, [
          "xn--bcher-kva.example",
          "null",
          "undefined",
          "xn--bcher-kva.example",
          "null",
          "live"
        ])
        const { custom_domains, frontline_routes } = yield* rowsOf
        assert.deepStrictEqual(
          frontline_routes.map((row) => row.fully_qualified_domain_name),
          ["xn--bcher-kva.example"]
        )
        assert.strictEqual(custom_domains.find(({ id }) => id === "dom_unicode")?.domain, "b\u00fccher.example.")
      })
    )

    guarantee(
      "a decision sees that the name is another row's, and a row without a domain name has none to make",
      (store) =>
        Effect.gen(function* () {
          yield* seedCustomDomain("other", `${fqdn}.`, { id: "dom_late" })
          yield* seedCustomDomain("other", "a_b.example.com", { id: "dom_unfit" })
          const refusalOf = ({ refusal }: ActivationSnapshot) => plan(refusal)
          assert.isNull(yield* store.activate(request, refusalOf))
          assert.include(yield* store.activate({ ...request, domainId: "dom_late" }, refusalOf), "added before")
          assert.isNull(yield* store.activate({ ...request, domainId: "dom_unfit" }, () => plan("decided")))
        })
    )

    guarantee("[W19] an attempt counts once however often it is recorded, and the next one again", (store) =>
      Effect.gen(function* () {
        yield* store.recordAttempt(attempt)
        const once = yield* domainRow
        assert.deepInclude(once, {
          verification_status: "verifying",
          verification_error: "no CNAME",
          ownership_verified: true,
          cname_verified: false,
          check_attempts: 1,
          last_checked_at: at,
          updated_at: at
        })
        yield* store.recordAttempt(attempt)
        assert.deepStrictEqual(yield* domainRow, once)
        yield* store.recordAttempt({ ...attempt, at: at + 1, status: "failed" })
        assert.deepInclude(yield* domainRow, { check_attempts: 2, verification_status: "failed" })
        yield* store.recordAttempt({ ...attempt, problem: "late" })
        assert.deepInclude(yield* domainRow, { check_attempts: 2, verification_error: "no CNAME" })
      })
    )

    guarantee("an attempt changes neither a verified domain nor another row of the same name", (store) =>
      Effect.gen(function* () {
        yield* (yield* World).update("custom_domains", { id: domainId }, { verification_status: "verified" })
        const before = yield* rowsOf
        yield* store.recordAttempt(attempt)
        yield* store.recordAttempt({ ...attempt, domainId: "dom_deleted" })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("[W12] a verification that is abandoned has failed, and only one that is under way can be", (store) =>
      Effect.gen(function* () {
        const world = yield* World
        yield* store.recordAttempt(attempt)
        for (const at of [5, 6]) yield* store.endVerification({ domainId, at, problem: "cancelled" })
        assert.deepInclude(yield* domainRow, {
          verification_status: "failed",
          verification_error: "cancelled",
          ownership_verified: true,
          check_attempts: 1,
          updated_at: 5
        })
        for (const status of ["pending", "failed", "verified"] as const) {
          yield* world.update("custom_domains", { id: domainId }, { verification_status: status })
          const untouched = yield* rowsOf
          yield* store.endVerification({ domainId, at, problem: "again" })
          assert.deepStrictEqual(yield* rowsOf, untouched)
        }
      })
    )

    guarantee("a problem of 512 code points fits, also beyond the basic plane", (store) =>
      Effect.gen(function* () {
        const problem = "🚀".repeat(512)
        yield* store.recordAttempt({ ...attempt, problem })
        assert.strictEqual((yield* domainRow)?.verification_error, problem)
      })
    )

    guarantee("a decision sees the domain, its project and environment, and who has its name", (store) =>
      Effect.gen(function* () {
        yield* (yield* World).update("projects", { id: shop.projectId }, { live_deployment_id: "d_1" })
        yield* seedDeployment("shop", "d_1", { status: "ready" })
        yield* seedRoute("shop", fqdn, { deployment_id: "d_1", sticky: "live" })
        const seen = yield* store.activate(request, (snapshot) => plan(snapshot))
        assert.deepStrictEqual(seen?.domain, {
          fqdn,
          workspaceId: shop.workspaceId,
          projectId: shop.projectId,
          environmentId: shop.productionId
        })
        assert.deepStrictEqual(seen?.project, { workspaceId: shop.workspaceId, liveDeploymentId: "d_1" })
        assert.deepStrictEqual(seen?.environment, { projectId: shop.projectId, slug: "production" })
        assert.deepStrictEqual(seen?.route, {
          projectId: shop.projectId,
          environmentId: shop.productionId,
          sticky: "live",
          deploymentEnvironmentId: shop.productionId
        })
        assert.isNull(seen?.challenge)
      })
    )

    guarantee("a decision sees what runs in the domain's environment, newest first, and nothing else", (store) =>
      Effect.gen(function* () {
        const seed = (id: string, columns: Parameters<typeof seedDeployment>[2]) =>
          seedDeployment("shop", id, { status: "ready", ...columns })
        yield* seed("d_old", { created_at: 1 })
        yield* seed("d_tie_1", { created_at: 2 })
        yield* seed("d_tie_2", { created_at: 2 })
        yield* seed("d_failed", { created_at: 3, status: "failed" })
        yield* seed("d_standby", { created_at: 4, desired_state: "standby" })
        yield* seed("d_preview", { created_at: 5, environment_id: shop.previewId })
        yield* seedDeployment("other", "d_other", { created_at: 6, status: "ready" })
        yield* (yield* World).update("projects", { id: shop.projectId }, { live_deployment_id: "d_preview" })
        const seen = yield* store.activate(request, (snapshot) => plan(snapshot.deployments))
        assert.deepStrictEqual(
          seen?.map(({ id }) => id),
          ["d_tie_2", "d_tie_1", "d_old"]
        )
      })
    )

    guarantee("a decision sees the live deployment however many are newer", (store) =>
      Effect.gen(function* () {
        yield* (yield* World).update("projects", { id: shop.projectId }, { live_deployment_id: "d_1" })
        for (const nth of [1, 2, 3, 4, 5, 6, 7, 8])
          yield* seedDeployment("shop", `d_${nth}`, { status: "ready", created_at: nth })
        const seen = yield* store.activate(request, (snapshot) => plan(snapshot.deployments.map(({ id }) => id)))
        assert.strictEqual(seen?.[0], "d_8")
        assert.isTrue(seen?.includes("d_1"))
      })
    )

    guarantee("project and environment that are gone are seen as gone", (store) =>
      Effect.gen(function* () {
        yield* seedCustomDomain("shop", "gone.example.com", { project_id: "proj_x", environment_id: "env_x" })
        const seen = yield* store.activate({ ...request, domainId: "dom_gone.example.com" }, (snapshot) =>
          plan([snapshot.project, snapshot.environment, snapshot.deployments.length])
        )
        assert.deepStrictEqual(seen, [null, null, 0])
      })
    )

    guarantee("route, challenge and status are written together, and a repeat changes nothing", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1", { status: "ready" })
        assert.strictEqual(yield* store.activate(request, everything), "activated")
        const once = yield* rowsOf
        assert.deepInclude(yield* domainRow, {
          verification_status: "verified",
          verification_error: null,
          ownership_verified: true,
          cname_verified: true,
          check_attempts: 1,
          last_checked_at: at,
          updated_at: at
        })
        assert.deepStrictEqual(once.acme_challenges, [
          {
            domain_id: domainId,
            workspace_id: shop.workspaceId,
            token: "",
            challenge_type: "HTTP-01",
            authorization: "",
            status: "waiting",
            expires_at: expiresAt,
            created_at: at,
            updated_at: at
          }
        ])
        assert.deepStrictEqual(once.frontline_routes, [
          {
            id: "flr_app",
            project_id: shop.projectId,
            deployment_id: "d_1",
            environment_id: shop.productionId,
            fully_qualified_domain_name: fqdn,
            sticky: "live",
            created_at: at,
            updated_at: at
          }
        ])
        yield* store.activate({ ...request, at: at + 5 }, () => plan("again", { isVerified: true }))
        assert.deepStrictEqual(yield* rowsOf, once)
      })
    )

    guarantee("a move changes place, stickiness and deployment of the project's own route alone", (store) =>
      Effect.gen(function* () {
        yield* seedRoute("shop", fqdn, { environment_id: shop.previewId, sticky: "environment", deployment_id: "d_0" })
        const foreign = yield* seedRoute("other", "foreign.example.com")
        yield* store.activate(request, everything)
        const { frontline_routes } = yield* rowsOf
        assert.deepInclude(
          frontline_routes.find(({ id }) => id !== foreign),
          { environment_id: shop.productionId, sticky: "live", deployment_id: "d_1", updated_at: at }
        )
        assert.deepInclude(
          frontline_routes.find(({ id }) => id === foreign),
          { updated_at: null }
        )
      })
    )

    guarantee("[W5] a plan cannot move a route of another project", (store) =>
      Effect.gen(function* () {
        yield* seedRoute("other", fqdn, { deployment_id: "d_o" })
        const before = (yield* rowsOf).frontline_routes
        yield* store.activate(request, () =>
          plan("tried", { route: { action: "move", sticky: "live", deploymentId: "d_1" } })
        )
        assert.deepStrictEqual((yield* rowsOf).frontline_routes, before)
      })
    )

    guarantee("an ended challenge waits again with its token kept, and one under way is left alone", (store) =>
      Effect.gen(function* () {
        const world = yield* World
        yield* store.activate(request, everything)
        for (const [status, then] of [
          ["failed", "waiting"],
          ["pending", "pending"]
        ] as const) {
          yield* world.update("acme_challenges", { domain_id: domainId }, { status, token: "t" })
          yield* store.activate(request, () => plan("reopened", { challenge: "reopen" }))
          const [challenge] = (yield* rowsOf).acme_challenges
          assert.deepInclude(challenge, { status: then, token: "t" })
        }
      })
    )

    guarantee("a domain whose row is gone gets nothing", (store) =>
      Effect.gen(function* () {
        const before = yield* rowsOf
        assert.isNull(yield* store.activate({ ...request, domainId: "dom_deleted" }, everything))
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("of two activations at once both succeed, and there is one route and one challenge", (store) =>
      Effect.gen(function* () {
        const answers = yield* Effect.replicateEffect(store.activate(request, everything), 4, {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(answers, ["activated", "activated", "activated", "activated"])
        const rows = yield* rowsOf
        assert.lengthOf(rows.frontline_routes, 1)
        assert.lengthOf(rows.acme_challenges, 1)
        assert.strictEqual((yield* domainRow)?.check_attempts, 1)
      })
    )
  })
