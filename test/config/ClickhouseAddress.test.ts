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
  ["https://app:secret@ch:8443?skip_verify=true", { url: "https://ch:8443", checkCertificate: false }],
  ["http://app:secret@ch:8443?secure=true", { url: "https://ch:8443" }],
  ["clickhouse://app:secret@ch:9440?secure=F", { url: "http://ch:8123" }],
  ["clickhouse://app:secret@ch:9000?compress=lz4&max_open_conns=5&connection_open_strategy=in_order", {}]
]

const refusedParameters: ReadonlyArray<readonly [query: string, problem: string]> = [
  ["tls=true", "has the parameter tls, which is not known here"],
  ["readonly=1", "has the parameter readonly, which is not known here"],
  ["max_execution_time=60", "has the parameter max_execution_time, which is not known here"],
  ["http_proxy=http://secret", "has the parameter http_proxy, which is not known here"],
  ["secure=yes", "the parameter secure must be true or false"],
  ["skip_verify=secret", "the parameter skip_verify must be true or false"],
  ["secure=true&secure=false", "has the parameter secure more than once"]
]

const refused = [
  "",
  "ch:9000",
  "mysql://app:secret@ch",
  "clickhouse://app:secret@h1:9000,h2:9000",
  "http://app:s%ecret@ch",
  "https://app:secret@ch?secure=false",
  "http://app:secret@ch#fragment"
]

describe("a ClickHouse address", () => {
  for (const [query, problem] of refusedParameters)
    it(`?${query} is refused by name`, () =>
      assert.deepStrictEqual(parseClickhouseAddress(`clickhouse://app:secret@ch:9000?${query}`), Either.left(problem)))

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
