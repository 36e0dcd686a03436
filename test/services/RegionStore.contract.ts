import { assert, layer } from "@effect/vitest"
import { Clock, Effect, type Layer } from "effect"
import { type RegionPlan, type RegionSnapshot, RegionStore } from "../../src/services/deploy/RegionStore.ts"
import { namesOf, seedDeployment, seededAt, seedProject, seedSentinel } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const region = "eu-west-1.aws"
const at = seededAt + 1_000
const rowsOf = Effect.flatMap(World, (world) => world.dump)
const shop = namesOf("shop")

const request = (deploymentId: string) => ({
  region,
  workspaceId: shop.workspaceId,
  projectId: shop.projectId,
  environmentId: shop.productionId,
  deploymentId,
  at
})

const policy = (id: string, k8sName: string, port: string) => ({
  id,
  k8sName,
  k8sNamespace: "shop-ns",
  policy: { spec: { ports: [{ port, protocol: "TCP" }] }, kind: "CiliumNetworkPolicy" }
})

const sentinel = (image: string) => ({
  id: "se_new",
  k8sName: "sentinel-new",
  k8sAddress: "sentinel-new:8040",
  image,
  desiredReplicas: 3,
  cpuMillicores: 256,
  memoryMib: 256
})

/** Publishes everything with the next three versions. */
const publish =
  (deploymentId: string) =>
  (snapshot: RegionSnapshot): RegionPlan => ({
    policies: [
      { ...policy(`net_${deploymentId}`, `ingress-${deploymentId}`, "8080"), version: snapshot.maxVersion + 1n }
    ],
    sentinel: { ...sentinel("sentinel:2"), version: snapshot.maxVersion + 2n },
    topology: { desiredReplicas: 2, desiredStatus: "starting", version: snapshot.maxVersion + 3n },
    highestVersion: snapshot.maxVersion + 3n
  })

const topologyAt = (version: bigint, desiredReplicas: number): RegionPlan => ({
  policies: [],
  sentinel: null,
  topology: { desiredReplicas, desiredStatus: "started", version },
  highestVersion: version
})

const seed = Effect.all([seedProject("shop"), seedDeployment("shop", "d_1")])

/** What every implementation of `RegionStore` promises. */
export const regionStoreContract = <E>(name: string, stores: Layer.Layer<RegionStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`RegionStore: ${name}`, (it) => {
    const guarantee = guaranteesOf(it, RegionStore, seed)

    guarantee("an empty region has version 0, and afterwards the highest of its three tables", (store) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* store.maxVersion(region), 0n)
        yield* seedSentinel("shop", { region, health: "unknown", version: 41 })
        yield* seedSentinel("shop", { region: "us-east-1.aws", health: "unknown", version: 77 })
        assert.strictEqual(yield* store.maxVersion(region), 41n)
      })
    )

    guarantee("policies, sentinel and topology are inserted together and read back as they were planned", (store) =>
      Effect.gen(function* () {
        const written = yield* store.transact(request("d_1"), publish("d_1"))
        assert.strictEqual(written.highestVersion, 3n)
        const seen = yield* Effect.map(
          store.transact(request("d_1"), (snapshot) => {
            assert.strictEqual(snapshot.maxVersion, 3n)
            assert.deepStrictEqual(snapshot.policies, [policy("net_d_1", "ingress-d_1", "8080")])
            assert.deepStrictEqual(snapshot.sentinel, sentinel("sentinel:2"))
            assert.deepStrictEqual(snapshot.topology, { desiredReplicas: 2, desiredStatus: "starting", version: 3n })
            return { policies: [], sentinel: null, topology: null, highestVersion: snapshot.maxVersion }
          }),
          (plan) => plan.highestVersion
        )
        assert.strictEqual(seen, 3n)
        const rows = yield* rowsOf
        assert.deepInclude(rows.sentinels[0], {
          health: "unknown",
          available_replicas: 0,
          created_at: at,
          updated_at: null
        })
        assert.deepInclude(rows.cilium_network_policies[0], { environment_id: shop.productionId, created_at: at })
      })
    )

    guarantee("an existing row keeps its id, its names, its size and what others report in it", (store) =>
      Effect.gen(function* () {
        yield* seedSentinel("shop", {
          region,
          health: "healthy",
          version: 1,
          available_replicas: 1,
          desired_replicas: 7,
          cpu_millicores: 2000
        })
        yield* store.transact(request("d_1"), publish("d_1"))
        assert.deepInclude((yield* rowsOf).sentinels[0], {
          id: `se_shop-${region}`,
          k8s_name: `shop-${region}`,
          health: "healthy",
          available_replicas: 1,
          image: "sentinel:2",
          desired_replicas: 7,
          cpu_millicores: 2000,
          version: 3,
          updated_at: at
        })
      })
    )

    guarantee("a plan written again after a lost answer leaves the rows of the first time", (store) =>
      Effect.gen(function* () {
        const plan = publish("d_1")({ maxVersion: 0n, policies: [], sentinel: null, topology: null })
        yield* store.transact(request("d_1"), () => plan)
        const first = yield* rowsOf
        yield* store.transact({ ...request("d_1"), at: at + 9 }, () => plan)
        assert.deepStrictEqual(yield* rowsOf, first)
      })
    )

    guarantee("a version never goes down, whatever a late writer plans", (store) =>
      Effect.gen(function* () {
        yield* store.transact(request("d_1"), () => topologyAt(7n, 2))
        yield* store.transact(request("d_1"), () => topologyAt(6n, 9))
        assert.deepInclude((yield* rowsOf).deployment_topology[0], { version: 7, desired_replicas: 2 })
        yield* store.transact(request("d_1"), () => topologyAt(8n, 3))
        assert.deepInclude((yield* rowsOf).deployment_topology[0], { version: 8, desired_replicas: 3 })
      })
    )

    guarantee("a version that another row of the region holds is refused, and nothing of the plan remains", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_2")
        yield* store.transact(request("d_2"), () => topologyAt(7n, 2))
        const before = yield* rowsOf
        const failed = yield* store
          .transact(request("d_1"), (snapshot) => ({
            ...publish("d_1")(snapshot),
            topology: topologyAt(7n, 1).topology
          }))
          .pipe(Effect.flip)
        assert.include(failed, { operation: "RegionStore.transact", reason: "duplicate_key" })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("the versions of rows that are gone are not used again", (store) =>
      Effect.gen(function* () {
        // What remains of a change whose rows were deleted.
        yield* store.transact(request("d_1"), () => ({ ...topologyAt(9n, 1), topology: null }))
        assert.strictEqual(yield* store.maxVersion(region), 9n)
        const { highestVersion } = yield* store.transact(request("d_1"), publish("d_1"))
        assert.strictEqual(highestVersion, 12n)
      })
    )

    guarantee("a version that is handed out is used by no change, and a repetition gets the same one", (store) =>
      Effect.gen(function* () {
        yield* store.transact(request("d_1"), publish("d_1"))
        assert.strictEqual(yield* store.allocate(region, 4n), 4n)
        assert.strictEqual(yield* store.allocate(region, 4n), 4n)
        yield* store.transact(request("d_1"), (snapshot) => topologyAt(snapshot.maxVersion + 1n, 5))
        assert.deepInclude((yield* rowsOf).deployment_topology[0], { version: 5 })
        assert.strictEqual(yield* store.allocate(region, 4n), 4n)
        assert.strictEqual(yield* store.allocate(region, 5n), 6n)
        assert.strictEqual(yield* store.allocate(region, 41n), 41n)
        assert.strictEqual(yield* store.maxVersion(region), 41n)
      })
    )

    guarantee("the counter of a region is known for some minutes after it was read", (store) =>
      Effect.gen(function* () {
        const other = "us-west-2.aws"
        assert.isFalse(yield* store.isCounterKnown(other))
        yield* store.rememberCounter(other)
        assert.isTrue(yield* store.isCounterKnown(other))
        const later = yield* Effect.map(Clock.currentTimeMillis, (now) => now + 10 * 60_000)
        const clock = { ...(yield* Effect.clock), currentTimeMillis: Effect.succeed(later) }
        assert.isFalse(yield* Effect.withClock(store.isCounterKnown(other), clock))
      })
    )

    guarantee("writers of one region at once get different versions, each above all before", (store) =>
      Effect.gen(function* () {
        const ids = ["d_2", "d_3", "d_4", "d_5", "d_6"]
        yield* Effect.forEach(ids, (id) => seedDeployment("shop", id))
        const plans = yield* Effect.forEach(ids, (id) => store.transact(request(id), publish(id)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          plans.map((plan) => Number(plan.highestVersion)).sort((one, other) => one - other),
          [3, 6, 9, 12, 15]
        )
        assert.strictEqual(yield* store.maxVersion(region), 15n)
      })
    )

    guarantee("writers of one region that touch different tables at once never share a version", (store) =>
      Effect.gen(function* () {
        const elsewhere = { environment_id: shop.previewId }
        yield* seedSentinel("shop", { region, health: "healthy", version: 1, ...elsewhere })
        const ids = ["d_2", "d_3", "d_4", "d_5", "d_6", "d_7"]
        yield* Effect.forEach(ids, (id) => seedDeployment("shop", id))
        const nextVersions = yield* Effect.forEach(
          ids,
          (id, index) =>
            store.transact(request(id), ({ maxVersion }) => {
              const version = maxVersion + 1n
              return index % 2 === 0
                ? topologyAt(version, 1)
                : {
                    policies: [{ ...policy(`net_${id}`, `ingress-${id}`, "8080"), version }],
                    sentinel: null,
                    topology: null,
                    highestVersion: version
                  }
            }),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(
          nextVersions.map((plan) => Number(plan.highestVersion)).sort((one, other) => one - other),
          [2, 3, 4, 5, 6, 7]
        )
      })
    )
  })
