import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import {
  type DrainState,
  decideRemoval,
  describeElsewhere,
  type RegisteredVersion,
  stateOfAddress
} from "../../src/operations/RestateVersions.ts"

const ours = new Set(["a", "b", "c"])

const version = (parts: Partial<RegisteredVersion>): RegisteredVersion => ({
  id: "dp_1",
  address: "http://worker:9080/",
  createdAt: "2026-11-25T00:00:00.000Z",
  services: ["a", "b"],
  newestOn: [],
  ...parts
})

const cases: ReadonlyArray<readonly [what: string, version: RegisteredVersion, unfinished: number, DrainState]> = [
  ["superseded on everything and without work is drained", version({}), 0, "drained"],
  ["superseded with one invocation left drains", version({}), 1, "draining"],
  ["newest on everything stays", version({ newestOn: ["a", "b"] }), 0, "newest"],
  ["newest on one service alone stays", version({ newestOn: ["b"] }), 0, "newest"],
  ["newest stays whatever work it has", version({ newestOn: ["b"] }), 9, "newest"],
  ["another application's is none of our business", version({ services: ["x"] }), 0, "foreign"],
  [
    "one that also serves something of another application is none either",
    version({ services: ["a", "x"] }),
    0,
    "foreign"
  ],
  ["one without services is not known to be ours", version({ services: [] }), 0, "foreign"],
  ["another application's newest is foreign too", version({ services: ["x"], newestOn: ["x"] }), 0, "foreign"]
]

const arbitraryVersions = fc.uniqueArray(
  fc
    .record({
      id: fc.hexaString({ minLength: 1, maxLength: 3 }),
      services: fc.uniqueArray(fc.constantFrom("a", "b", "c", "x")),
      newest: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      unfinished: fc.nat(3)
    })
    .map(({ id, newest, services, unfinished }) => ({
      ...version({ id, services, newestOn: services.filter((_, n) => newest[n]) }),
      unfinished
    })),
  { selector: ({ id }) => id }
)

describe("which versions may be removed", () => {
  it.each(cases)("%s", (_, only, unfinished, state) => {
    const { draining, remove, versions } = decideRemoval([only], new Map([[only.id, unfinished]]), ours)
    assert.deepStrictEqual(versions, [{ ...only, unfinished, state }])
    assert.lengthOf(remove, state === "drained" ? 1 : 0)
    assert.lengthOf(draining, state === "draining" ? 1 : 0)
  })

  it("work of a version that is not registered is left behind, and no other version's", () => {
    const { orphaned, versions } = decideRemoval([version({})], new Map([["dp_other", 3]]), ours)
    assert.strictEqual(versions[0]?.unfinished, 0)
    assert.deepStrictEqual(orphaned, [{ deployment: "dp_other", unfinished: 3 }])
  })

  it("nothing that is newest, has work left or serves anything foreign is ever removed", () => {
    fc.assert(
      fc.property(arbitraryVersions, (all) => {
        const unfinished = new Map(all.map((each) => [each.id, each.unfinished]))
        const { draining, remove, versions } = decideRemoval(all, unfinished, ours)
        for (const each of remove) {
          assert.isEmpty(each.newestOn)
          assert.strictEqual(unfinished.get(each.id), 0)
          assert.isTrue(each.services.every((service) => ours.has(service)))
        }
        for (const each of draining) assert.isAbove(each.unfinished, 0)
        assert.lengthOf(versions, all.length)
      })
    )
  })
})

describe("an address of ours", () => {
  const first = version({ id: "dp_1", address: "http://v1:9080/", newestOn: [] })
  const second = version({ id: "dp_2", address: "http://v2:9080/", newestOn: ["a", "b"] })

  it("that was registered again after another one gets no new work, and that is told with who does", () => {
    const state = stateOfAddress("http://v1:9080", [second, first])
    assert.deepStrictEqual(state, {
      isRegistered: true,
      elsewhere: [
        { service: "a", address: "http://v2:9080/" },
        { service: "b", address: "http://v2:9080/" }
      ]
    })
    assert.strictEqual(describeElsewhere(state), "new work of 2 services goes to http://v2:9080/")
  })

  it("that is the newest, or is not known, has nothing elsewhere", () => {
    assert.deepStrictEqual(stateOfAddress("http://v2:9080/", [second, first]), { isRegistered: true, elsewhere: [] })
    assert.deepStrictEqual(stateOfAddress("http://v3:9080/", [second, first]), { isRegistered: false, elsewhere: [] })
  })

  it("that shares services with others is told for those alone", () => {
    const part = version({ id: "dp_3", address: "http://v3:9080/", services: ["b"], newestOn: ["b"] })
    const state = stateOfAddress("http://v2:9080/", [part, { ...second, newestOn: ["a"] }])
    assert.strictEqual(describeElsewhere(state), "new work of 1 service goes to http://v3:9080/")
  })
})
