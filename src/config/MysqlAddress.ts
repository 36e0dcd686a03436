import { Either, Option, Redacted } from "effect"
import { isLoopback } from "./address.ts"
import { isTlsParameter, type MysqlTls, tlsOf } from "./mysqlTls.ts"
import { readParameters } from "./parameters.ts"
import type { Kind } from "./Setting.ts"

/** Address and credentials of a database. `host` and `port` are ignored when there is a socket. */
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

/**
 * Parameters of a client's value formats, buffers, timeouts and pool. Accepted without effect, because the worker
 * decides these itself: dates and numbers as text in UTC, prepared statements, its own timeouts, no connection to a
 * read-only server, and no password in plain text where that must be allowed explicitly.
 */
const withoutEffect: ReadonlySet<string> = new Set([
  // go-sql-driver/mysql
  "allowAllFiles",
  "allowCleartextPasswords",
  "allowFallbackToPlaintext",
  "allowNativePasswords",
  "allowOldPasswords",
  "checkConnLiveness",
  "clientFoundRows",
  "columnsWithAlias",
  "compress",
  "connectionAttributes",
  "interpolateParams",
  "loc",
  "maxAllowedPacket",
  "multiStatements",
  "parseTime",
  "readTimeout",
  "rejectReadOnly",
  "timeTruncate",
  "timeout",
  "writeTimeout",
  // mysql2 and Prisma
  "connectTimeout",
  "connect_timeout",
  "connectionLimit",
  "connection_limit",
  "pool_timeout",
  "socket_timeout",
  "timezone"
])

const isKnown = (name: string): boolean =>
  withoutEffect.has(name) || isTlsParameter(name) || name === "charset" || name === "collation"

/** Go accepts a list of character sets and uses the first that the server knows. */
const speaksUtf8mb4 = ({
  charset,
  collation
}: {
  readonly charset?: string | undefined
  readonly collation?: string | undefined
}): boolean =>
  (charset === undefined || /^utf8mb4(,|$|_)/i.test(charset)) &&
  (collation === undefined || /^utf8mb4_/i.test(collation))

const readQuery = (query: string): Either.Either<MysqlTls, string> =>
  Either.gen(function* () {
    const parameters = yield* readParameters(query, isKnown)
    return speaksUtf8mb4({ charset: parameters.get("charset"), collation: parameters.get("collation") })
      ? yield* tlsOf(parameters)
      : yield* Either.left("the parameters charset and collation must name utf8mb4: nothing else is spoken")
  })

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
 * go-sql-driver/mysql splits from the right (last `/`, then last `@`) and never unescapes the user or the password, so
 * both may hold `/`, `@` and `:` (the user no `:`).
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
      tls: yield* readQuery(query.join("?"))
    }
  })

const parseUrlForm = (dsn: string): Either.Either<MysqlAddress, string> =>
  Either.gen(function* () {
    const url = URL.parse(dsn)
    if (url === null) return yield* Either.left(expectedForms)
    if (url.hash !== "") return yield* Either.left("must not contain #: inside of a user or a password it is %23")
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1",
      port: yield* parsePort(url.port),
      socketPath: Option.none(),
      database: yield* decodePercent(url.pathname.slice(1)),
      user: yield* decodePercent(url.username),
      password: Redacted.make(yield* decodePercent(url.password)),
      tls: yield* readQuery(url.search)
    }
  })

/**
 * Reads both forms of a MySQL data source name. Parameters about TLS apply; parameters of client behaviour are accepted
 * without effect; every other one is refused by its name. The error quotes nothing else of the data source name, which
 * contains the password.
 */
export const parseMysqlAddress = (dsn: string): Either.Either<MysqlAddress, string> =>
  Either.filterOrLeft(
    dsn.startsWith("mysql://") ? parseUrlForm(dsn) : parseGoForm(dsn),
    (address) => address.database !== "",
    () => "names no database"
  )

const weaknessOf = ({ host, socketPath, tls }: MysqlAddress) => {
  if (Option.isSome(socketPath) || isLoopback(host) || tls === "verify") return Option.none()
  return Option.some(tls === "off" ? ("not encrypted" as const) : ("the server is not verified" as const))
}

export const mysqlAddress: Kind<MysqlAddress> = {
  native: "string",
  accepts,
  isSecret: true,
  decode: (value) => parseMysqlAddress(value.trim()),
  sends: {
    secret: "the password and every row",
    exposure: (address) =>
      Option.map(weaknessOf(address), (weakness) => ({ address: `${address.host}:${address.port}`, weakness }))
  }
}
