import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Either, Option, Redacted } from "effect"
import fc from "fast-check"
import { type MysqlAddress, parseMysqlAddress } from "../../src/config/MysqlAddress.ts"

const plain = (address: MysqlAddress) => ({
  ...address,
  socketPath: Option.getOrNull(address.socketPath),
  password: Redacted.value(address.password)
})

const expected = (over: Partial<ReturnType<typeof plain>>) => ({
  host: "db",
  port: 3306,
  socketPath: null,
  database: "unkey",
  user: "app",
  password: "secret",
  tls: "off",
  ...over
})

const accepted: ReadonlyArray<readonly [dsn: string, address: Partial<ReturnType<typeof plain>>]> = [
  ["app:secret@tcp(db:3306)/unkey?parseTime=true", {}],
  ["app:secret@tcp(db)/unkey?parseTime=true&interpolateParams=true&loc=Europe%2FBerlin", {}],
  ["app:secret@tcp(db:3307)/unkey", { port: 3307 }],
  ["app:secret@tcp([2001:db8::1]:3307)/unkey", { host: "2001:db8::1", port: 3307 }],
  ["app:secret@tcp([2001:db8::1])/unkey", { host: "2001:db8::1" }],
  ["app:secret@/unkey", { host: "127.0.0.1" }],
  ["app@tcp(db:3306)/unkey", { password: "" }],
  ["tcp(db:3306)/unkey", { user: "", password: "" }],
  ["app:p@ss:w/rd%41$@tcp(db:3306)/unkey", { password: "p@ss:w/rd%41$" }],
  ["app:secret@tcp(db)/my%2Fdb", { database: "my/db" }],
  ["app:secret@unix(/run/mysqld/mysqld.sock)/unkey", { host: "localhost", socketPath: "/run/mysqld/mysqld.sock" }],
  ["app:secret@tcp(db)/unkey?tls=true", { tls: "verify" }],
  ["app:secret@tcp(db)/unkey?tls=false", { tls: "off" }],
  ["app:secret@tcp(db)/unkey?tls=skip-verify&parseTime=true", { tls: "skip-verify" }],
  ["app:secret@tcp(db)/unkey?tls=preferred", { tls: "preferred" }],
  ["app:secret@tcp(db)/unkey?tls=rds-bundle", { tls: "verify" }],
  ["mysql://app:secret@db:3306/unkey", {}],
  ["mysql://app:secret@db/unkey", {}],
  ["mysql://app:p%40ss%2Fw%3Ard@db/unkey", { password: "p@ss/w:rd" }],
  ["mysql://app@[::1]:3307/unkey", { host: "::1", port: 3307, password: "" }],
  ["mysql://app:secret@db/unkey?ssl-mode=VERIFY_IDENTITY", { tls: "verify" }],
  ["mysql://app:secret@db/unkey?ssl-mode=REQUIRED", { tls: "skip-verify" }],
  ['mysql://app:secret@db/unkey?ssl={"rejectUnauthorized":true}', { tls: "verify" }],
  ['mysql://app:secret@db/unkey?ssl={"rejectUnauthorized":false}', { tls: "skip-verify" }],
  ["mysql://app:secret@db/unkey?ssl=true", { tls: "verify" }],
  ["mysql://app:secret@db/unkey?ssl=false", { tls: "off" }],
  ["mysql://app:secret@db/unkey?sslaccept=strict", { tls: "verify" }],
  ["mysql://app:secret@db/unkey?sslaccept=accept_invalid_certs", { tls: "skip-verify" }],
  ["mysql://app:secret@db/unkey?sslmode=verify-ca", { tls: "verify" }],
  ["mysql://app:secret@db/unkey?ssl_mode=preferred", { tls: "preferred" }],
  ["mysql://app:secret@db/unkey?sslMode=DISABLED", { tls: "off" }],
  ["mysql://app:secret@db/unkey?ssl-mode=VERIFY_CA&sslaccept=strict&ssl=true", { tls: "verify" }],
  ["app:secret@tcp(db)/unkey?sslaccept=strict", { tls: "verify" }],
  [
    "app:secret@tcp(db)/unkey?charset=utf8mb4,utf8&collation=utf8mb4_unicode_ci&timeout=5s&allowNativePasswords=true",
    {}
  ],
  ["mysql://app:secret@db/unkey?charset=utf8mb4&connectionLimit=10&connect_timeout=5", {}]
]

const refused = [
  "",
  "secret",
  "app:secret@db:3306",
  "app:secret@db:3306/unkey",
  "app:secret@tcp(db:0)/unkey",
  "app:secret@tcp(db:99999)/unkey",
  "app:secret@tcp(db:x)/unkey",
  "app:secret@tcp(db:3306)/",
  "app:secret@tcp(db/unkey",
  "app:secret@http(db)/unkey",
  "app:secret@unix()/unkey",
  "mysql://app:secret@db",
  "mysql://app:%ZZsecret@db/unkey",
  "mysql://app:secret@db:99999/unkey"
]

/** Each names what it is refused for, and nothing else of the address. */
const refusedParameters: ReadonlyArray<readonly [query: string, problem: string]> = [
  ["sslcert=ca.pem", "has the parameter sslcert, which is not known here"],
  ["sslidentity=id.p12&sslpassword=secret", "has the parameter sslidentity, which is not known here"],
  ["ssl-ca=ca.pem", "has the parameter ssl-ca, which is not known here"],
  ["serverPubKey=mine", "has the parameter serverPubKey, which is not known here"],
  ["sslcompression=1", "has the parameter sslcompression, which is not known here"],
  ["tx_isolation='READ-COMMITTED'", "has the parameter tx_isolation, which is not known here"],
  ["parsetime=true", "has the parameter parsetime, which is not known here"],
  ["socket=mysqld.sock", "has the parameter socket, which is not known here"],
  ["tls=true&tls=false", "has the parameter tls more than once"],
  ["tls=false&sslaccept=strict", "says two things about TLS"],
  ["sslaccept=secret", "the parameter sslaccept must be one of strict, accept_invalid_certs"],
  ["ssl-mode=on", "the parameter ssl-mode must be one of disabled, preferred, required, verify_ca, verify_identity"],
  [
    'ssl={"ca":"secret"}',
    'the parameter ssl must be true, false or {"rejectUnauthorized":true}; a private authority goes into NODE_EXTRA_CA_CERTS'
  ],
  [
    "ssl=Amazon RDS",
    'the parameter ssl must be true, false or {"rejectUnauthorized":true}; a private authority goes into NODE_EXTRA_CA_CERTS'
  ],
  ["charset=latin1", "the parameters charset and collation must name utf8mb4: nothing else is spoken"]
]

describe("MySQL address", () => {
  for (const [query, problem] of refusedParameters)
    it(`?${query} is refused by name, in both forms`, () => {
      for (const address of ["app:secret@tcp(db:3306)/unkey", "mysql://app:secret@db:3306/unkey"])
        assert.deepStrictEqual(parseMysqlAddress(`${address}?${query}`), Either.left(problem))
    })

  it("what stands behind a question mark inside of a password is not taken for the name of a parameter", () => {
    for (const address of [
      "mysql://app:12?hunter2@db/unkey",
      "app:se/cret?hunter2@tcp(db:3306)",
      "mysql://app:x#hunter2@db/u"
    ]) {
      const problem = Either.getOrThrow(Either.flip(parseMysqlAddress(address)))
      assert.notInclude(problem, "hunter2")
    }
  })

  for (const [dsn, address] of accepted) {
    it(`${dsn} is read as its driver reads it`, () => {
      assert.deepStrictEqual(plain(Either.getOrThrow(parseMysqlAddress(dsn))), expected(address))
    })
  }

  for (const dsn of refused) {
    it(`"${dsn}" is refused without quoting the password`, () => {
      const failure = Either.getOrThrow(Either.flip(parseMysqlAddress(dsn)))
      assert.notInclude(failure, "secret")
    })
  }

  it("printing an address never shows its password", () => {
    const address = Either.getOrThrow(parseMysqlAddress("app:secret@tcp(db)/unkey"))
    assert.notInclude(inspect(address) + JSON.stringify(address), "secret")
  })

  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,20}$/)
  const parts = fc.record({
    user: name,
    password: fc.string({ minLength: 0, maxLength: 30, unit: "grapheme-ascii" }),
    host: name,
    port: fc.integer({ min: 1, max: 65535 }),
    database: name
  })

  it("any password survives the Go form unescaped and the URL form escaped", () => {
    fc.assert(
      fc.property(parts, ({ user, password, host, port, database }) => {
        const go = parseMysqlAddress(`${user}:${password}@tcp(${host}:${port})/${database}?parseTime=true`)
        const url = parseMysqlAddress(`mysql://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`)
        for (const parsed of [go, url]) {
          assert.deepStrictEqual(plain(Either.getOrThrow(parsed)), expected({ user, password, host, port, database }))
        }
      })
    )
  })

  it("no text at all makes the parser throw", () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), (dsn) => Either.isEither(parseMysqlAddress(dsn))))
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (rest) => Either.isEither(parseMysqlAddress(`mysql://${rest}`)))
    )
  })
})
