import { Either, Option, Redacted } from "effect"
import type { Kind } from "./Setting.ts"

/**
 * `verify` checks the certificate (private authorities through NODE_EXTRA_CA_CERTS), `skip-verify` only encrypts,
 * `preferred` is `skip-verify`: a connection pool cannot silently go without encryption.
 */
export type MysqlTls = "off" | "verify" | "skip-verify" | "preferred"

/** Where a database is and who we are to it. `host` and `port` are ignored when there is a socket. */
export interface MysqlAddress {
  readonly host: string
  readonly port: number
  readonly socketPath: Option.Option<string>
  readonly database: string
  readonly user: string
  readonly password: Redacted.Redacted
  readonly tls: MysqlTls
}

const defaultPort = 3306
const accepts = "user:password@tcp(host:port)/database or mysql://user:password@host:port/database"
const expectedForms = `expected ${accepts}`

const decodePercent = (value: string): Either.Either<string, string> =>
  Either.try({ try: () => decodeURIComponent(value), catch: () => "contains a malformed percent escape" })

const parsePort = (value: string): Either.Either<number, string> => {
  const port = value === "" ? defaultPort : Number(value)
  return /^\d*$/.test(value) && port >= 1 && port <= 65535
    ? Either.right(port)
    : Either.left("the port must be from 1 to 65535")
}

const tlsNames: Readonly<Record<string, MysqlTls>> = {
  "": "off",
  false: "off",
  disabled: "off",
  preferred: "preferred",
  "skip-verify": "skip-verify",
  required: "skip-verify"
}

/** Any other name (true, verify_ca, or a configuration registered in Go code) means a checked certificate: the safe reading. */
const tlsOf = (parameters: URLSearchParams): MysqlTls => {
  const json = parameters.get("ssl")
  if (json !== null && /"rejectUnauthorized"\s*:\s*false/.test(json)) return "skip-verify"
  const name = (parameters.get("tls") ?? parameters.get("ssl-mode") ?? json ?? "").toLowerCase()
  return tlsNames[name] ?? "verify"
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`. */
const parseHostPort = (address: string): Either.Either<{ readonly host: string; readonly port: number }, string> => {
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(.*))?$/.exec(address)
  if (match === null) return Either.left(expectedForms)
  const host = match[1] ?? match[2]
  return Either.map(parsePort(match[3] ?? ""), (port) => ({ host: host || "127.0.0.1", port }))
}

const parseEndpoint = (endpoint: string): Either.Either<Pick<MysqlAddress, "host" | "port" | "socketPath">, string> => {
  const match = /^([a-z0-9]*)(?:\((.*)\))?$/.exec(endpoint)
  const protocol = match?.[1] || "tcp"
  const address = match?.[2] ?? ""
  if (match !== null && protocol === "unix") {
    return address === ""
      ? Either.left("a unix address needs the path of its socket")
      : Either.right({ host: "localhost", port: defaultPort, socketPath: Option.some(address) })
  }
  return match !== null && /^tcp[46]?$/.test(protocol)
    ? Either.map(parseHostPort(address), (tcp) => ({ ...tcp, socketPath: Option.none() }))
    : Either.left(expectedForms)
}

/**
 * The driver that wrote these names splits from the right (last `/`, then last `@`) and never unescapes the user or
 * the password, so both may hold `/`, `@` and `:` (the user no `:`).
 */
const parseGoForm = (dsn: string): Either.Either<MysqlAddress, string> =>
  Either.gen(function* () {
    const slash = dsn.lastIndexOf("/")
    if (slash < 0) return yield* Either.left(expectedForms)
    const [name = "", ...query] = dsn.slice(slash + 1).split("?")
    const at = dsn.lastIndexOf("@", slash)
    const credentials = at < 0 ? "" : dsn.slice(0, at)
    const colon = credentials.indexOf(":")
    const endpoint = yield* parseEndpoint(dsn.slice(at + 1, slash))
    return {
      ...endpoint,
      database: yield* decodePercent(name),
      user: colon < 0 ? credentials : credentials.slice(0, colon),
      password: Redacted.make(colon < 0 ? "" : credentials.slice(colon + 1)),
      tls: tlsOf(new URLSearchParams(query.join("?")))
    }
  })

const parseUrlForm = (dsn: string): Either.Either<MysqlAddress, string> =>
  Either.gen(function* () {
    const url = URL.parse(dsn)
    if (url === null) return yield* Either.left(expectedForms)
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1",
      port: yield* parsePort(url.port),
      socketPath: Option.none(),
      database: yield* decodePercent(url.pathname.slice(1)),
      user: yield* decodePercent(url.username),
      password: Redacted.make(yield* decodePercent(url.password)),
      tls: tlsOf(url.searchParams)
    }
  })

/**
 * Reads both forms of a MySQL data source name; parameters that only a Go client understands (parseTime,
 * interpolateParams, loc, ...) are ignored. The failure says what is wrong and never quotes the name: it holds the password.
 */
export const parseMysqlAddress = (dsn: string): Either.Either<MysqlAddress, string> =>
  Either.filterOrLeft(
    dsn.startsWith("mysql://") ? parseUrlForm(dsn) : parseGoForm(dsn),
    (address) => address.database !== "",
    () => "names no database"
  )

export const mysqlAddress: Kind<MysqlAddress> = {
  native: "string",
  accepts,
  isSecret: true,
  decode: (value) => parseMysqlAddress(value.trim())
}
