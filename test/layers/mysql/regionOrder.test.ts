import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { simulatorDatabase } from "../../../dev/simulators/SimulatorDatabase.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { RegionStoreLive } from "../../../src/layers/mysql/RegionStoreLive.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { type RegionSnapshot, RegionStore } from "../../../src/services/deploy/RegionStore.ts"
import { followRegion, versionedRows } from "../../e2e/support/CursorReader.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { poolOptions, quietly } from "./MysqlWorld.ts"

const region = "eu-west-1.aws"
const changes = 60

class Database extends Context.Tag("test/RegionOrderDatabase")<Database, string>() {}

const request = (deploymentId: string) => ({
  region,
  workspaceId: "ws_1",
  projectId: "proj_1",
  environmentId: `env_${deploymentId}`,
  deploymentId,
  at: 1
})

const policy = (id: string, version: bigint) => ({
  id: `net_${id}`,
  k8sName: id,
  k8sNamespace: "ns",
  policy: { spec: { id } },
  version
})

/** Every third change writes the topology alone, so that writers of different tables meet. */
const planOf =
  (nth: number) =>
  ({ maxVersion }: RegionSnapshot) => {
    const id = `d_${nth}`
    const policies = nth % 3 === 0 ? [] : [policy(`${id}a`, maxVersion + 1n), policy(`${id}b`, maxVersion + 2n)]
    const version = maxVersion + BigInt(policies.length) + 1n
    return {
      policies,
      sentinel: null,
      topology: { desiredReplicas: 1, desiredStatus: "starting" as const, version },
      highestVersion: version
    }
  }

/** The store of one worker, with connections of its own. */
const worker = Effect.flatMap(Database, (url) =>
  Effect.map(Layer.build(Layer.provide(RegionStoreLive, MysqlPoolsLive({ primary: poolOptions(url) }))), (context) =>
    Context.get(context, RegionStore)
  )
)

const database = Layer.scoped(
  Database,
  Effect.tap(freshDatabase, (url) => Effect.provide(quietly(migrate), MysqlPoolsLive({ primary: poolOptions(url) })))
)
const withReader = Layer.unwrapEffect(Effect.map(Database, (url) => simulatorDatabase(url))).pipe(
  Layer.provideMerge(database)
)

layer(withReader, { excludeTestServices: true })("changes of a region by two workers at once", (it) => {
  it.scoped("are missed by no reader that follows their versions, though no key serializes them", () =>
    Effect.gen(function* () {
      const [one, other] = yield* Effect.all([worker, worker])
      const reader = yield* followRegion(region)
      yield* Effect.forEach(
        Array.from({ length: changes }).keys(),
        (nth) => (nth % 2 === 0 ? one : other).transact(request(`d_${nth}`), planOf(nth)),
        { concurrency: "unbounded", discard: true }
      )
      const all = yield* versionedRows(region)
      assert.lengthOf(all, changes + 2 * (changes - changes / 3))
      const seen = yield* reader.seen
      assert.deepStrictEqual(
        all.filter((row) => !seen.has(row)),
        []
      )
    }).pipe(inRealTime)
  )
})
