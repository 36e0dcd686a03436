import { Effect, Layer } from "effect"
import { mySqlServer } from "../dev/stack/MySqlServer.ts"
import { RegionStoreLive } from "../src/layers/mysql/RegionStoreLive.ts"
import { RegionStore } from "../src/services/deploy/RegionStore.ts"
import { networkPolicies } from "../src/workflows/deploy/networkPolicy.ts"
import { planChange } from "../src/workflows/versioning/planChange.ts"
import { ownDatabase, region } from "./deploys.ts"
import { migratedPools } from "./migratedPools.ts"

/** Changes of one region that are published as deploys publish them, from one process. */
export interface ChangesOptions {
  readonly rounds: number
  readonly changes: number
  readonly inFlight: number
}

const publishOne = (id: string) =>
  Effect.flatMap(RegionStore, (regions) => {
    const owner = { workspaceId: "ws_bench", projectId: "proj_bench", environmentId: "env_bench", deploymentId: id }
    const policies = networkPolicies({ ...owner, deploymentK8sName: id, k8sNamespace: "bench", region, port: 8080 })
    const change = { topology: { replicas: 1, desiredStatus: "starting" }, sentinel: null, policies } as const
    return regions.transact({ ...owner, region, at: 1 }, (snapshot) => planChange(snapshot, change, 0n))
  })

const round = (nth: number, { changes, inFlight }: ChangesOptions) =>
  Effect.gen(function* () {
    const startedAt = performance.now()
    const ids = Array.from({ length: changes }, (_, index) => `d-${nth}-${index}`)
    yield* Effect.forEach(ids, publishOne, { concurrency: inFlight, discard: true })
    return changes / ((performance.now() - startedAt) / 1000)
  })

const storeOn = (dsn: string) => Layer.provide(RegionStoreLive, migratedPools(dsn))

/** Published changes per second of one region, by round; the first round is not kept. */
export const benchChanges = (options: ChangesOptions) =>
  Effect.gen(function* () {
    const store = storeOn(yield* ownDatabase)
    const rounds = Array.from({ length: options.rounds + 1 }).keys()
    const perSecond = yield* Effect.provide(
      Effect.forEach(rounds, (nth) => round(nth, options)),
      store
    )
    return perSecond.slice(1)
  }).pipe(Effect.scoped, Effect.provide(mySqlServer))
