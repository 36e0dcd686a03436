import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { isLoopback, printable } from "../../src/config/address.ts"

const printed: ReadonlyArray<readonly [address: string, shown: string]> = [
  ["http://restate:9070", "http://restate:9070"],
  ["http://restate:9070/", "http://restate:9070"],
  ["https://api.github.com", "https://api.github.com"],
  ["https://hooks.slack.test/services/T0/B0/secret", "https://hooks.slack.test/…"],
  ["https://ca.test:14000/directory?token=secret", "https://ca.test:14000/…?…"],
  ["https://user:secret@host.test/path#secret", "https://host.test/…"],
  ["clickhouse://user:secret@ch:9000/secret?password=secret", "clickhouse://ch:9000/…?…"],
  ["http://[2001:db8::1]:8123", "http://[2001:db8::1]:8123"],
  ["https://sec ret/", "https://…"],
  ["unix:///run/buildkit/buildkitd.sock", "unix:///run/buildkit/buildkitd.sock"],
  ["tcp://buildkitd:1234", "tcp://buildkitd:1234"],
  ["ghcr.io/unkeyed/unkey:local", "ghcr.io/unkeyed/unkey:local"],
  ["info", "info"]
]

const loopback: ReadonlyArray<readonly [host: string, isOurs: boolean]> = [
  ["localhost", true],
  ["LOCALHOST.", true],
  ["vault.localhost", true],
  ["127.0.0.1", true],
  ["127.255.0.3", true],
  ["::1", true],
  ["[::1]", true],
  ["[::ffff:127.0.0.1]", true],
  ["", false],
  ["vault", false],
  ["localhost.evil.test", false],
  ["127.0.0.1.evil.test", false],
  ["notlocalhost", false],
  ["10.0.0.1", false],
  ["0.0.0.0", false],
  ["[2001:db8::1]", false]
]

describe("an address that is shown", () => {
  for (const [address, shown] of printed)
    it(`${address} is ${shown}`, () => assert.strictEqual(printable(address), shown))

  it("never holds a user, a path, a query or a fragment, whatever they are", () => {
    const part = fc.stringMatching(/^[a-z0-9]{0,12}$/).map((text) => `secret${text}`)
    fc.assert(
      fc.property(
        fc.constantFrom("http", "https", "clickhouse", "mysql"),
        part,
        part,
        part,
        (scheme, user, path, query) =>
          assert.notInclude(printable(`${scheme}://${user}:${path}@host.test:1/${path}?${query}#${query}`), "secret")
      )
    )
  })
})

describe("a host", () => {
  for (const [host, isOurs] of loopback)
    it(`"${host}" ${isOurs ? "stays on" : "leaves"} this machine`, () => assert.strictEqual(isLoopback(host), isOurs))
})
