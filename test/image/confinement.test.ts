import { assert, describe, it } from "@effect/vitest"
import { parseConfinement } from "../../dev/image/confinement.ts"

const status = (change: Readonly<Record<string, string>> = {}) =>
  Object.entries({
    Name: "node",
    Uid: "65532\t65532\t65532\t65532",
    Gid: "65532\t65532\t65532\t65532",
    VmRSS: "  231000 kB",
    CapInh: "0000000000000000",
    CapPrm: "0000000000000000",
    CapEff: "0000000000000000",
    CapBnd: "0000000000000000",
    CapAmb: "0000000000000000",
    NoNewPrivs: "1",
    ...change
  })
    .map(([name, value]) => `${name}:\t${value}`)
    .join("\n")

const mounts = (root: string) =>
  [`31 28 0:26 / /proc rw,nosuid - proc proc rw`, `30 28 0:27 / / ${root},relatime - overlay overlay rw`].join("\n")

describe("what the kernel says of a process", () => {
  it("is nothing allowed for one that is confined", () =>
    assert.deepStrictEqual(parseConfinement(status(), mounts("ro")), {
      uid: 65532,
      gid: 65532,
      capabilities: 0n,
      noNewPrivileges: true,
      readOnlyRoot: true,
      residentBytes: 236_544_000
    }))

  it("shows a root that can be written, whatever the file system below it allows", () =>
    assert.isFalse(parseConfinement(status(), mounts("rw")).readOnlyRoot))

  it("shows rights that it could get", () =>
    assert.strictEqual(
      parseConfinement(status({ CapBnd: "00000000a80425fb" }), mounts("ro")).capabilities,
      0xa80425fbn
    ))

  it("shows rights where the kernel does not say", () =>
    assert.notStrictEqual(parseConfinement("", mounts("ro")).capabilities, 0n))

  it("shows that it may get new ones", () =>
    assert.isFalse(parseConfinement(status({ NoNewPrivs: "0" }), mounts("ro")).noNewPrivileges))
})
