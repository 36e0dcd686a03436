import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import { type ClickhouseAddress, parseClickhouseAddress } from "../../src/config/ClickhouseAddress.ts"

const plain = (address: ClickhouseAddress) => ({ ...address, password: Redacted.value(address.password) })

const expected = (over: Partial<ReturnType<typeof plain>>) => ({
  url: "http://ch:8123",
  user: "app",
  password: "secret",
  database: "default",
  checkCertificate: true,
  ...over
})

const accepted: ReadonlyArray<readonly [address: string, read: Partial<ReturnType<typeof plain>>]> = [
  ["clickhouse://app:secret@ch:9000", {}],
  ["clickhouse://app:secret@ch", {}],
  ["clickhouse://app:secret@ch:9000?secure=false&skip_verify=false&dial_timeout=5s", {}],
  ["clickhouse://app:secret@ch:9000/analytics", { database: "analytics" }],
  ["clickhouse://ch:9000?username=app&password=secret&database=analytics", { database: "analytics" }],
  ["clickhouse://ch:9000", { user: "default", password: "" }],
  ["clickhouse://app:secret@ch:9000?secure=true", { url: "https://ch:8443" }],
  ["clickhouse://app:secret@ch?secure=1", { url: "https://ch:8443" }],
  ["clickhouse://app:secret@ch:9440", { url: "https://ch:8443" }],
  ["clickhouse://app:secret@ch:9440?secure=true&skip_verify=true", { url: "https://ch:8443", checkCertificate: false }],
  ["clickhouse://app:secret@ch:18123", { url: "http://ch:18123" }],
  ["tcp://app:secret@ch:9000", {}],
  ["clickhouse://app:p%40ss%2Fw@[2001:db8::1]:9000", { url: "http://[2001:db8::1]:8123", password: "p@ss/w" }],
  ["http://app:secret@ch:8123", {}],
  ["http://app:secret@ch:9000", { url: "http://ch:9000" }],
  ["https://app:secret@ch.example.com", { url: "https://ch.example.com" }],
  ["https://app:secret@ch:8443?skip_verify=true", { url: "https://ch:8443", checkCertificate: false }]
]

const refused = [
  "",
  "ch:9000",
  "mysql://app:secret@ch",
  "clickhouse://app:secret@h1:9000,h2:9000",
  "http://app:s%ecret@ch"
]

describe("a ClickHouse address", () => {
  for (const [address, read] of accepted)
    it(`${address} is read as what speaks HTTP`, () =>
      assert.deepStrictEqual(plain(Either.getOrThrow(parseClickhouseAddress(address))), expected(read)))

  for (const address of refused)
    it(`"${address}" is refused, and the refusal does not quote it`, () => {
      const problem = Either.getOrElse(Either.flip(parseClickhouseAddress(address)), () => "accepted")
      assert.notStrictEqual(problem, "accepted")
      assert.notInclude(problem, "ecret")
    })

  it("keeps its password out of whatever prints it", () => {
    const address = Either.getOrThrow(parseClickhouseAddress("clickhouse://app:s3cret@ch:9000"))
    assert.notInclude(inspect(address, { depth: 9 }) + JSON.stringify(address), "s3cret")
  })
})
