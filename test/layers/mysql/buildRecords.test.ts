import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { BuildRecordsLive } from "../../../src/layers/mysql/BuildRecordsLive.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { BuildRecords } from "../../../src/operations/build/BuildRecords.ts"
import { buildIdsOf } from "../../../src/workflows/deploy/build/builtImage.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { poolOptions, quietly } from "./MysqlWorld.ts"

const database = Layer.unwrapScoped(
  Effect.map(freshDatabase, (url) =>
    Layer.tap(MysqlPoolsLive({ primary: { ...poolOptions(url), maxConnections: 1 } }), (context) =>
      Effect.provide(quietly(migrate), context)
    )
  )
)

const run = (statement: string) =>
  Effect.flatMap(MysqlPools, ({ primary: { sql } }) => sql.unsafe(statement).unprepared)

/** Deployments by id, status and id of their build. */
const deploy = (...rows: ReadonlyArray<readonly [id: string, status: string, buildId?: string]>) =>
  run(`INSERT INTO deployments (id, k8s_name, workspace_id, project_id, environment_id, sentinel_config, cpu_millicores,
    memory_mib, encrypted_environment_variables, status, build_id, created_at)
    VALUES ${rows.map(([id, status, build]) => `('${id}', '${id}', 'ws', 'p', 'e', '', 1, 1, '', '${status}', ${build === undefined ? "NULL" : `'${build}'`}, 1)`).join(", ")}`)

const record = (buildId: string, leaseUntil: number, outcome?: object) =>
  run(`INSERT INTO ctrl_worker_builds (build_id, owner, lease_until, detail, outcome)
    VALUES ('${buildId}', 'me', ${leaseUntil}, 'RUN npm ci', ${outcome === undefined ? "NULL" : `'${JSON.stringify(outcome)}'`})`)

const find = (id: string) => Effect.flatMap(BuildRecords, (records) => records.find(id))
const foundOf = (id: string) => Effect.flatMap(find(id), (found) => found)

const future = 4_000_000_000_000

layer(BuildRecordsLive(buildIdsOf).pipe(Layer.provideMerge(database)), {
  excludeTestServices: true,
  timeout: "2 minutes"
})("the records of builds", (it) => {
  it.effect("a build is found by its own id, by the builder's and by its deployment's", () =>
    Effect.gen(function* () {
      const [first = "", second = ""] = buildIdsOf("d_1")
      yield* deploy(["d_1", "building"], ["d_2", "ready", "depot-1"], ["d_3", "failed"])
      yield* record(first, 1)
      yield* record(second, future)
      const found = yield* foundOf("d_1")
      assert.deepInclude(found, { deploymentId: "d_1", buildIds: buildIdsOf("d_1") })
      assert.deepStrictEqual(
        found.builds.map(({ id, state }) => [id, state]),
        [
          [first, "lost"],
          [second, "running"]
        ]
      )
      for (const id of [first, second]) assert.deepStrictEqual(yield* foundOf(id), found)
      assert.deepInclude(yield* foundOf("depot-1"), { deploymentId: "d_2", builds: [] })
      const failed = buildIdsOf("d_3")[2] ?? ""
      assert.deepInclude(yield* foundOf(failed), { deploymentId: "d_3", builds: [] })
    })
  )

  it.effect("an outcome is the image or the failure", () =>
    Effect.gen(function* () {
      const [succeeded = ""] = buildIdsOf("d_s")
      const [failed = ""] = buildIdsOf("d_f")
      const digest = `sha256:${"a".repeat(64)}`
      yield* record(succeeded, 5, {
        _tag: "Succeeded",
        image: "r/i:1",
        digest,
        externalBuildId: "depot-2",
        depotProjectId: null
      })
      yield* record(failed, 6, { _tag: "Failed", kind: "out_of_memory", message: "8 GiB" })
      const common = { detail: "RUN npm ci" }
      assert.deepStrictEqual((yield* foundOf(succeeded)).builds, [
        {
          ...common,
          id: succeeded,
          state: "succeeded",
          leaseUntil: 5,
          externalBuildId: "depot-2",
          image: "r/i:1",
          digest,
          failure: null
        }
      ])
      assert.deepStrictEqual((yield* foundOf(failed)).builds, [
        {
          ...common,
          id: failed,
          state: "failed",
          leaseUntil: 6,
          externalBuildId: null,
          image: null,
          digest: null,
          failure: { kind: "out_of_memory", message: "8 GiB" }
        }
      ])
    })
  )

  it.effect("an unknown id is none, and no more than the newest 500 deployments of a status are compared", () =>
    Effect.gen(function* () {
      assert.isTrue(Option.isNone(yield* find("bld-' OR 1=1 --")))
      const rows = Array.from({ length: 501 }, (_, nth) => [`d_many_${nth}`, "network"] as const)
      yield* deploy(...rows)
      assert.isTrue(Option.isNone(yield* find(buildIdsOf("d_many_0")[0] ?? "")))
      assert.isTrue(Option.isSome(yield* find(buildIdsOf("d_many_1")[0] ?? "")))
      yield* run("FLUSH STATUS")
      yield* find("bld-unknown")
      const counters: ReadonlyArray<object> = yield* run("SHOW SESSION STATUS LIKE 'Handler_read%'")
      const reads = counters.reduce((sum, row) => sum + ("Value" in row ? Number(row.Value) : 0), 0)
      // 500 of this status, the few others, and their rows of the union.
      assert.isBelow(reads, 1500)
    })
  )
})
