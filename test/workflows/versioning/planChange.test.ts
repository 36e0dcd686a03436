import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import type {
  RegionPlan,
  RegionSnapshot,
  SentinelRow,
  TopologyStatus
} from "../../../src/services/deploy/RegionStore.ts"
import type { NetworkPolicy } from "../../../src/workflows/deploy/networkPolicy.ts"
import { planChange, type RegionChange } from "../../../src/workflows/versioning/planChange.ts"

const policy = (name: string, port = 8080): NetworkPolicy => ({
  id: `net_${name}`,
  k8sName: name,
  k8sNamespace: "shop",
  policy: { spec: { port } }
})

const sentinel = (columns: Partial<SentinelRow> = {}): SentinelRow => ({
  id: "se_1",
  k8sName: "s1",
  k8sAddress: "s1:8040",
  image: "sentinel:1",
  desiredReplicas: 3,
  cpuMillicores: 256,
  memoryMib: 256,
  ...columns
})

const nothing: RegionSnapshot = { maxVersion: 0n, topology: null, sentinel: null, policies: [] }
const starting = { replicas: 2, desiredStatus: "starting" } as const
const everything: RegionChange = { topology: starting, sentinel: sentinel(), policies: [policy("in"), policy("out")] }

const versionsOf = ({ policies, sentinel: own, topology }: RegionPlan): ReadonlyArray<bigint> => [
  ...policies.map(({ version }) => version),
  ...(own === null ? [] : [own.version]),
  ...(topology === null ? [] : [topology.version])
]

/** The region after the plan is written. */
const applied = (snapshot: RegionSnapshot, plan: RegionPlan): RegionSnapshot => {
  const names = plan.policies.map(({ k8sName }) => k8sName)
  return {
    maxVersion: versionsOf(plan).at(-1) ?? snapshot.maxVersion,
    topology: plan.topology ?? snapshot.topology,
    sentinel: plan.sentinel ?? snapshot.sentinel,
    policies: [...snapshot.policies.filter(({ k8sName }) => !names.includes(k8sName)), ...plan.policies]
  }
}

describe("the rows of a change", () => {
  it("[W52] are numbered policies first and topology last, so that no pod starts without its policies", () => {
    const plan = planChange(nothing, everything, 0n)
    assert.deepStrictEqual(
      plan.policies.map(({ k8sName, version }) => [k8sName, version]),
      [
        ["in", 1n],
        ["out", 2n]
      ]
    )
    assert.strictEqual(plan.sentinel?.version, 3n)
    assert.deepStrictEqual(plan.topology, { desiredReplicas: 2, desiredStatus: "starting", version: 4n })
  })

  it("[W37] that are as wanted keep their version, whatever order MySQL gives to the members of a policy", () => {
    const first = planChange(nothing, everything, 0n)
    const reordered = first.policies.map((row) => ({ ...row, policy: reversed(row.policy) }))
    const plan = planChange({ ...applied(nothing, first), policies: reordered }, everything, 4n)
    assert.deepStrictEqual(plan, { policies: [], sentinel: null, topology: null, highestVersion: 4n })
  })

  const scaled = { desiredReplicas: 7, cpuMillicores: 2000, memoryMib: 4096 }

  it("[W29] give a sentinel that exists the configured image, under its own name and with its own size", () => {
    const existing = sentinel({ id: "se_old", k8sName: "old", k8sAddress: "old:8040", image: "sentinel:0", ...scaled })
    const plan = planChange({ ...nothing, sentinel: existing }, { ...everything, topology: null, policies: [] }, 0n)
    assert.deepStrictEqual(plan.sentinel, { ...existing, image: "sentinel:1", version: 1n })
  })

  for (const [column, value] of Object.entries(scaled))
    it(`leave alone a sentinel of the configured image whose ${column} differs`, () => {
      const existing = sentinel({ [column]: value })
      const plan = planChange({ ...nothing, sentinel: existing }, { ...everything, topology: null, policies: [] }, 7n)
      assert.deepStrictEqual(plan, { policies: [], sentinel: null, topology: null, highestVersion: 7n })
    })

  it("keep the id of a policy that exists, in its label too", () => {
    const existing = { ...policy("in", 1), id: "net_old" }
    const plan = planChange({ ...nothing, policies: [existing] }, { ...everything, policies: [policy("in")] }, 0n)
    assert.strictEqual(plan.policies[0]?.id, "net_old")
    assert.deepInclude(plan.policies[0]?.policy, { metadata: { labels: { "unkey.com/networkpolicy.id": "net_old" } } })
  })

  const topologies: ReadonlyArray<[TopologyStatus, TopologyStatus, boolean]> = [
    ["starting", "started", false],
    ["started", "starting", false],
    ["started", "stopped", true],
    ["stopped", "started", true],
    ["stopping", "stopped", false]
  ]
  for (const [from, to, isWritten] of topologies)
    it(`${isWritten ? "change" : "do not change"} a topology that is ${from} and shall be ${to}`, () => {
      const topology = { desiredReplicas: 3, desiredStatus: from, version: 7n }
      const wanted = { topology: { replicas: 0, desiredStatus: to }, sentinel: null, policies: [] }
      const plan = planChange({ ...nothing, maxVersion: 7n, topology }, wanted, 7n)
      assert.deepStrictEqual(plan.topology, isWritten ? { desiredReplicas: 3, desiredStatus: to, version: 8n } : null)
    })

  it("create no topology where there is none to stop", () => {
    const wanted = { topology: { replicas: 0, desiredStatus: "stopped" as const }, sentinel: null, policies: [] }
    assert.isNull(planChange(nothing, wanted, 5n).topology)
  })

  it("[W38] continue above the tables when the counter is lost, and above the counter when the rows are gone", () => {
    assert.deepStrictEqual(versionsOf(planChange({ ...nothing, maxVersion: 41n }, everything, 0n))[0], 42n)
    assert.deepStrictEqual(versionsOf(planChange(nothing, everything, 99n))[0], 100n)
  })
})

const reversed = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)])
  )
}

const arbitraryChange: fc.Arbitrary<RegionChange> = fc.record({
  topology: fc.option(
    fc.record({
      replicas: fc.integer({ min: 0, max: 2 }),
      desiredStatus: fc.constantFrom("starting" as const, "started" as const, "stopped" as const)
    })
  ),
  sentinel: fc.option(fc.constantFrom("sentinel:1", "sentinel:2").map((image) => sentinel({ image }))),
  policies: fc.uniqueArray(
    fc
      .tuple(fc.constantFrom("in", "out"), fc.constantFrom(80, 81), fc.constantFrom("net_1", "net_2"))
      .map(([name, port, id]) => ({ ...policy(name, port), id })),
    { selector: ({ k8sName }) => k8sName }
  )
})

describe("whatever is changed in a region", () => {
  const history = fc.tuple(fc.array(arbitraryChange, { maxLength: 8 }), fc.bigInt({ min: 0n, max: 50n }))

  it("versions rise strictly, above everything stored and above the counter", () => {
    fc.assert(
      fc.property(history, ([changes, start]) => {
        let [snapshot, counter] = [nothing, start]
        for (const change of changes) {
          const plan = planChange(snapshot, change, counter)
          let last = snapshot.maxVersion > counter ? snapshot.maxVersion : counter
          for (const version of versionsOf(plan)) {
            assert.isTrue(version > last)
            last = version
          }
          assert.strictEqual(plan.highestVersion, last)
          snapshot = applied(snapshot, plan)
          counter = plan.highestVersion
        }
      })
    )
  })

  it("the same change again writes nothing and uses no version", () => {
    fc.assert(
      fc.property(history, arbitraryChange, ([changes, start], change) => {
        const region = changes.reduce((now, next) => applied(now, planChange(now, next, start)), nothing)
        const plan = planChange(region, change, start)
        const again = planChange(applied(region, plan), change, plan.highestVersion)
        assert.deepStrictEqual(again, { ...again, policies: [], sentinel: null, topology: null })
        assert.strictEqual(again.highestVersion, plan.highestVersion)
      })
    )
  })
})
