import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { BacklogLive } from "../../../src/layers/mysql/BacklogLive.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { abandonedAfter, Backlog, maxOverdueWindow, overdueFraction } from "../../../src/operations/Backlog.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { poolOptions, quietly } from "./MysqlWorld.ts"

/** The rule that the query states in SQL. */
const isRenewalOverdue = ({ expiresAt, issuedAt }: { issuedAt: number; expiresAt: number }, at: number): boolean => {
  const left = expiresAt - at
  return left < maxOverdueWindow && left > -abandonedAfter && left * overdueFraction < expiresAt - issuedAt
}

/** One connection, so that its counters belong to the tested statement. */
const oneConnection = Layer.unwrapScoped(
  Effect.map(freshDatabase, (url) =>
    Layer.tap(MysqlPoolsLive({ primary: { ...poolOptions(url), maxConnections: 1 } }), (context) =>
      Effect.provide(quietly(migrate), context)
    )
  )
)

const run = (statement: string) =>
  Effect.flatMap(MysqlPools, ({ primary: { sql } }) => sql.unsafe(statement).unprepared)

const sequence = (count: number) => `
  SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n
  FROM ${["a", "b", "c", "d"].map((name) => `(${Array.from({ length: 10 }, (_, n) => `SELECT ${n} AS n`).join(" UNION ALL ")}) ${name}`).join(", ")}
  HAVING n < ${count}`

const Counters = Schema.Array(Schema.Struct({ Value: Schema.NumberFromString }))

/** The effect's result, and the number of rows that the server read for it. */
const rowsReadBy = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* run("FLUSH STATUS")
    const answer = yield* effect
    const counters = yield* run("SHOW SESSION STATUS LIKE 'Handler_read%'")
    const reads = (yield* Schema.decodeUnknown(Counters)(counters)).reduce((sum, { Value }) => sum + Value, 0)
    return { answer, reads }
  })

const day = 86_400_000
const now = 1_800_000_000_000

const insertCertificates = (
  prefix: string,
  certificates: ReadonlyArray<{ readonly issuedAt: number; readonly expiresAt: number }>
) =>
  Effect.gen(function* () {
    const names = certificates.map(({ expiresAt, issuedAt }, index) => ({
      id: `${prefix}${index}`,
      expiresAt,
      issuedAt
    }))
    const values = (rows: ReadonlyArray<string>) => rows.join(", ")
    yield* run(`INSERT INTO custom_domains (id, workspace_id, project_id, environment_id, domain, challenge_type,
      verification_status, verification_token, target_cname, created_at)
      VALUES ${values(names.map(({ id }) => `('${id}', 'ws', 'p', 'e', '${id}.test', 'HTTP-01', 'verified', '', '${id}', 1)`))}`)
    yield* run(`INSERT INTO acme_challenges (domain_id, workspace_id, token, challenge_type, authorization, status, expires_at, created_at)
      VALUES ${values(names.map(({ expiresAt, id }) => `('${id}', 'ws', '', 'HTTP-01', '', 'verified', ${expiresAt}, 1)`))}`)
    yield* run(`INSERT INTO certificates (id, workspace_id, hostname, certificate, encrypted_private_key, created_at, updated_at)
      VALUES ${values(names.map(({ id, issuedAt }) => `('${id}', 'ws', '${id}.test', '', '', 1, ${issuedAt})`))}`)
  })

const clear = Effect.forEach(
  ["deployments", "deployment_steps", "ctrl_worker_builds", "custom_domains", "acme_challenges", "certificates"],
  (table) => run(`DELETE FROM ${table}`)
)

layer(BacklogLive.pipe(Layer.provideMerge(oneConnection)), { excludeTestServices: true, timeout: "2 minutes" })(
  "the backlog",
  (it) => {
    it.effect("counts builds that wait and that run, and reads no more rows than these, however many have ended", () =>
      Effect.gen(function* () {
        yield* clear
        const backlog = yield* Backlog
        assert.deepStrictEqual(yield* backlog.builds, { waiting: 0, waitingSince: null, running: 0 })
        // Of 6000 deployments three wait, one is pending without a step, and the others have ended.
        yield* run(`INSERT INTO deployments (id, k8s_name, workspace_id, project_id, environment_id, sentinel_config, cpu_millicores,
          memory_mib, desired_state, encrypted_environment_variables, status, created_at)
          SELECT CONCAT('d_', n), CONCAT('k_', n), 'ws', 'p', 'e', '', 1, 1, 'running', '', IF(n < 4, 'pending', 'ready'), 1
          FROM (${sequence(6000)}) s`)
        yield* run(`INSERT INTO deployment_steps (workspace_id, project_id, environment_id, deployment_id, step, started_at, ended_at)
          SELECT 'ws', 'p', 'e', CONCAT('d_', n), 'queued', 1000 + n, IF(n < 4, NULL, 2000) FROM (${sequence(6000)}) s WHERE n > 0`)
        yield* run(`INSERT INTO ctrl_worker_builds (build_id, owner, lease_until, detail, outcome)
          SELECT CONCAT('b_', n), 'o', IF(n < 5, UNIX_TIMESTAMP() * 1000 + 60000, 1000 + n), '', IF(n = 0 OR n > 5, '{}', NULL)
          FROM (${sequence(6000)}) s`)
        yield* run("ANALYZE TABLE deployments, deployment_steps, ctrl_worker_builds")
        const { answer, reads } = yield* rowsReadBy(backlog.builds)
        // Running: those with a lease, without an expired one and one that has ended.
        assert.deepStrictEqual(answer, { waiting: 3, waitingSince: 1001, running: 4 })
        assert.isBelow(reads, 50)
      })
    )

    it.effect("calls those renewals overdue that the rule does, and reads only what expires soon", () =>
      Effect.gen(function* () {
        yield* clear
        const backlog = yield* Backlog
        const lives = [6 * day, 45 * day, 90 * day, 365 * day]
        const moments = [0, 1, day / 2, day, 6 * day, 9 * day, maxOverdueWindow - 1, maxOverdueWindow, 80 * day]
        const left = [...moments, -1, -day, 1 - abandonedAfter, -abandonedAfter]
        const table = lives.flatMap((life) =>
          left
            .flatMap((millis) => [millis, Math.floor(life / 5), Math.floor(life / 5) - 1])
            .map((millis) => ({ expiresAt: now + millis, issuedAt: now + millis - life }))
        )
        yield* insertCertificates("t", table)
        const expected = table.filter((certificate) => isRenewalOverdue(certificate, now)).length
        assert.isAbove(expected, 10)
        assert.isBelow(expected, table.length - 10)
        assert.strictEqual(yield* backlog.overdueRenewals(now), expected)

        yield* clear
        const healthy = { expiresAt: now + 60 * day, issuedAt: now - 30 * day }
        for (let batch = 0; batch < 6; batch++)
          yield* insertCertificates(
            `h${batch}_`,
            Array.from({ length: 1000 }, () => healthy)
          )
        yield* insertCertificates("o", [{ expiresAt: now + 10 * day, issuedAt: now - 80 * day }])
        yield* run("ANALYZE TABLE custom_domains, acme_challenges, certificates")
        const { answer, reads } = yield* rowsReadBy(backlog.overdueRenewals(now))
        assert.strictEqual(answer, 1)
        assert.isBelow(reads, 20)
      })
    )
  }
)
