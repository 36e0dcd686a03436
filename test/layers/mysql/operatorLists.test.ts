import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { BuildListLive } from "../../../src/layers/mysql/BuildListLive.ts"
import { CertificateListLive } from "../../../src/layers/mysql/CertificateListLive.ts"
import { DeploymentListLive } from "../../../src/layers/mysql/DeploymentListLive.ts"
import { DomainListLive } from "../../../src/layers/mysql/DomainListLive.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { BuildList } from "../../../src/operations/lists/BuildList.ts"
import { CertificateList } from "../../../src/operations/lists/CertificateList.ts"
import { DeploymentList } from "../../../src/operations/lists/DeploymentList.ts"
import { DomainList } from "../../../src/operations/lists/DomainList.ts"
import type { Page, PageRequest } from "../../../src/operations/lists/Page.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { poolOptions, quietly } from "./MysqlWorld.ts"

/** One connection, so that its counters belong to the tested statement. */
const oneConnection = Layer.unwrapScoped(
  Effect.map(freshDatabase, (url) =>
    Layer.tap(MysqlPoolsLive({ primary: { ...poolOptions(url), maxConnections: 1 } }), (context) =>
      Effect.provide(quietly(migrate), context)
    )
  )
)

const sequence = (count: number) => `
  SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n
  FROM ${["a", "b", "c", "d"].map((name) => `(${Array.from({ length: 10 }, (_, n) => `SELECT ${n} AS n`).join(" UNION ALL ")}) ${name}`).join(", ")}
  HAVING n < ${count} ORDER BY n`

/** Of 6000 rows each hundredth failed, and each hundredth belongs to a small project. */
const seed = [
  `INSERT INTO workspaces (id, org_id, name, slug, beta_features, features) VALUES ('ws', 'org', '', 'acme', '{}', '{}')`,
  `INSERT INTO projects (id, workspace_id, name, slug, live_deployment_id, created_at)
   VALUES ('large', 'ws', '', 'large', 'd_5999', 1), ('small', 'ws', '', 'small', NULL, 1)`,
  `INSERT INTO environments (id, workspace_id, project_id, slug, created_at) VALUES ('env', 'ws', 'large', 'production', 1)`,
  `INSERT INTO deployments (id, k8s_name, workspace_id, project_id, environment_id, sentinel_config, cpu_millicores,
     memory_mib, encrypted_environment_variables, status, build_id, created_at)
   SELECT CONCAT('d_', n), CONCAT('k_', n), 'ws', IF(n % 100 = 1, 'small', 'large'), 'env', '', 1, 1, '',
     IF(n % 100 = 0, 'failed', 'ready'), CONCAT('bld-', n), n FROM (${sequence(6000)}) s`,
  `INSERT INTO custom_domains (id, workspace_id, project_id, environment_id, domain, challenge_type, verification_status,
     verification_token, target_cname, created_at)
   SELECT CONCAT('dom_', n), 'ws', IF(n % 100 = 1, 'small', 'large'), 'env', CONCAT('d', n, '.example'), 'HTTP-01',
     IF(n % 100 = 0, 'failed', 'verified'), '', CONCAT('t', n), n FROM (${sequence(6000)}) s`,
  `INSERT INTO acme_challenges (domain_id, workspace_id, token, challenge_type, authorization, status, expires_at, created_at)
   SELECT CONCAT('dom_', n), 'ws', '', 'HTTP-01', '', IF(n % 100 = 0, 'failed', 'verified'), n, n FROM (${sequence(6000)}) s`,
  `INSERT INTO certificates (id, workspace_id, hostname, certificate, encrypted_private_key, created_at)
   SELECT CONCAT('cert_', n), 'ws', CONCAT('d', n, '.example'), '', '', n FROM (${sequence(6000)}) s`,
  `INSERT INTO ctrl_worker_builds (build_id, owner, lease_until, detail, outcome)
   SELECT IF(n % 2 = 0, CONCAT('bld-', n), CONCAT('none-', n)), 'me', 1, 'done', '{"_tag":"Failed","kind":"timed_out","message":"m"}'
   FROM (${sequence(6000)}) s`,
  // A server renews what its planner knows of a table some time after a large insert.
  "ANALYZE TABLE deployments, projects, environments, workspaces, custom_domains, acme_challenges, certificates, ctrl_worker_builds"
]

const Counters = Schema.Array(Schema.Struct({ Value: Schema.NumberFromString }))

const rowsRead = Effect.gen(function* () {
  const { sql } = (yield* MysqlPools).primary
  const counters = yield* sql.unsafe("SHOW SESSION STATUS LIKE 'Handler_read%'").unprepared
  return (yield* Schema.decodeUnknown(Counters)(counters)).reduce((sum, { Value }) => sum + Value, 0)
})

/** Every page of a list, and the most rows that one of them read. */
const walk = <A, E, R>(read: (request: PageRequest) => Effect.Effect<Page<A>, E, R>, limit: number, pages: number) =>
  Effect.gen(function* () {
    const { sql } = (yield* MysqlPools).primary
    const items: Array<A> = []
    let most = 0
    let after: string | undefined
    for (let page = 0; page < pages; page++) {
      yield* sql.unsafe("FLUSH STATUS").unprepared
      const found: Page<A> = yield* read({ after, limit })
      most = Math.max(most, yield* rowsRead)
      items.push(...found.items)
      after = found.next ?? undefined
      if (after === undefined) break
    }
    return { items, most, isEnded: after === undefined }
  })

const limit = 50

const lists = Layer.mergeAll(
  BuildListLive((id) => [id.replace("d_", "hashed-")]),
  CertificateListLive,
  DeploymentListLive,
  DomainListLive,
  Layer.effectDiscard(
    Effect.flatMap(MysqlPools, ({ primary: { sql } }) =>
      Effect.forEach(seed, (statement) => sql.unsafe(statement).unprepared)
    ).pipe(Effect.orDie)
  )
).pipe(Layer.provideMerge(oneConnection))

layer(lists, { excludeTestServices: true })("the lists of operators", (it) => {
  it.effect("of deployments read as many rows as a page is long, whatever the filter and the size of the table", () =>
    Effect.gen(function* () {
      const list = yield* DeploymentList
      const all = yield* walk((request) => list.page({}, request), limit, 4)
      assert.deepStrictEqual(
        all.items.map(({ id }) => id),
        Array.from({ length: 4 * limit }, (_, index) => `d_${5999 - index}`)
      )
      assert.isTrue(all.items[0]?.isLive)
      assert.strictEqual(all.items[0]?.workspaceSlug, "acme")
      for (const filter of [
        { status: "failed" },
        { project: "small" },
        { project: "large", status: "failed" }
      ] as const) {
        const found = yield* walk((request) => list.page(filter, request), limit, 3)
        assert.isTrue(found.isEnded)
        assert.lengthOf(found.items, 60)
        assert.isBelow(found.most, 12 * limit, JSON.stringify(filter))
      }
      const common = yield* walk((request) => list.page({ status: "ready" }, request), limit, 4)
      assert.isBelow(all.most, 12 * limit, "all")
      assert.isBelow(common.most, 12 * limit, "ready")
    })
  )

  it.effect("of domains and certificates do too", () =>
    Effect.gen(function* () {
      const domains = yield* DomainList
      const certificates = yield* CertificateList
      const walks = [
        yield* walk((request) => domains.page({}, request), limit, 3),
        yield* walk((request) => domains.page({ status: "failed" }, request), limit, 3),
        yield* walk((request) => domains.page({ project: "small" }, request), limit, 3),
        yield* walk((request) => certificates.page({}, request), limit, 3),
        yield* walk((request) => certificates.page({ status: "failed" }, request), limit, 3)
      ]
      for (const { most } of walks) assert.isBelow(most, 12 * limit)
      assert.deepStrictEqual(
        walks.map(({ items }) => items.length),
        [150, 60, 60, 150, 60]
      )
      const [newest] = (yield* certificates.page({}, { after: undefined, limit: 1 })).items
      assert.deepStrictEqual(newest, {
        domain: "d5999.example",
        workspaceId: "ws",
        challengeStatus: "verified",
        expiresAt: 5999,
        certificateId: "cert_5999",
        storedAt: 5999
      })
    })
  )

  it.effect("of builds read the ledger by its key, and name the deployment of each", () =>
    Effect.gen(function* () {
      const list = yield* BuildList
      const { isEnded, items, most } = yield* walk((request) => list.page(request), limit, 3)
      assert.isFalse(isEnded)
      assert.isBelow(most, 2000)
      assert.strictEqual(items[0]?.id, "none-5999")
      assert.isNull(items[0]?.deploymentId ?? null)
      assert.strictEqual(items[1]?.deploymentId, "d_5998")
      assert.strictEqual(items[1]?.state, "failed")
      assert.strictEqual(items[1]?.workspaceSlug, "acme")
    })
  )

  it.effect("have no rows after a key that is none, and put none of it into a statement", () =>
    Effect.gen(function* () {
      const list = yield* DeploymentList
      for (const after of ["", "x", "1 OR TRUE", "1e9", "-1", "9".repeat(40)])
        assert.deepStrictEqual((yield* list.page({}, { after, limit })).items, [], after)
      const quoted = yield* list.page({ project: "' OR '1'='1" }, { after: undefined, limit })
      assert.deepStrictEqual(quoted, { items: [], next: null })
    })
  )
})
