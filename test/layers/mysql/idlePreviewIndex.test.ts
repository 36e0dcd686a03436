import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { IdlePreviewStoreLive } from "../../../src/layers/mysql/IdlePreviewStoreLive.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { IdlePreviewStore } from "../../../src/services/idlePreviews/IdlePreviewStore.ts"
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
  HAVING n < ${count}`

const Counters = Schema.Array(Schema.Struct({ Value: Schema.NumberFromString }))

/** Of 6000 ready deployments every tenth runs, and every tenth of those is a preview. */
const seed = Effect.flatMap(MysqlPools, ({ primary: { sql } }) =>
  Effect.forEach(
    [
      `INSERT INTO projects (id, workspace_id, name, slug, created_at) VALUES ('proj', 'ws', '', 'p', 1)`,
      `INSERT INTO environments (id, workspace_id, project_id, slug, created_at)
       VALUES ('env_preview', 'ws', 'proj', 'preview', 1), ('env_production', 'ws', 'proj', 'production', 1)`,
      `INSERT INTO deployments (id, k8s_name, workspace_id, project_id, environment_id, sentinel_config, cpu_millicores,
         memory_mib, desired_state, encrypted_environment_variables, status, created_at)
       SELECT CONCAT('d_', n), CONCAT('k_', n), 'ws', 'proj', IF(n % 100 = 0, 'env_preview', 'env_production'), '', 1, 1,
         IF(n % 10 = 0, 'running', 'standby'), '', 'ready', 1 FROM (${sequence(6000)}) s ORDER BY n`,
      // A server renews what its planner knows of a table some time after a large insert.
      "ANALYZE TABLE deployments, projects, environments"
    ],
    (statement) => sql.unsafe(statement).unprepared
  )
)

layer(IdlePreviewStoreLive.pipe(Layer.provideMerge(oneConnection)), { excludeTestServices: true })(
  "the search for idle previews",
  (it) => {
    it.effect(
      "[W33] reads as many rows per page as the page is long, wherever it begins and however large the table",
      () =>
        Effect.gen(function* () {
          yield* seed
          const { sql } = (yield* MysqlPools).primary
          const store = yield* IdlePreviewStore
          let after: number | null = 0
          let found = 0
          for (let page = 0; after !== null; page++) {
            assert.isBelow(page, 7)
            yield* sql.unsafe("FLUSH STATUS").unprepared
            const answer: Effect.Effect.Success<ReturnType<typeof store.page>> = yield* store.page({
              idleSince: 10,
              after,
              limit: 100
            })
            const counters = yield* sql.unsafe("SHOW SESSION STATUS LIKE 'Handler_read%'").unprepared
            const reads = (yield* Schema.decodeUnknown(Counters)(counters)).reduce((sum, { Value }) => sum + Value, 0)
            // Each row once by the index, once out of the derived table, and once in each of the two joined tables.
            assert.isBelow(reads, 100 * 6)
            found += answer.previews.length
            after = answer.next
          }
          assert.strictEqual(found, 60)
        })
    )

    it.effect("finds the same without its index, which a tool that owns the schema may have dropped", () =>
      Effect.gen(function* () {
        const { sql } = (yield* MysqlPools).primary
        const store = yield* IdlePreviewStore
        const question = { idleSince: 10, after: 0, limit: 100 }
        const before = yield* store.page(question)
        assert.lengthOf(before.previews, 10)
        for (const index of ["deployments_idle_scan_idx", "status_idx"]) {
          yield* sql.unsafe(`DROP INDEX ${index} ON deployments`).unprepared
          assert.deepStrictEqual(yield* store.page(question), before, index)
        }
      })
    )
  }
)
