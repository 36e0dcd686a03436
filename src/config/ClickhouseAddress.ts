import { Either, Option, Redacted } from "effect"
import { isLoopback } from "./address.ts"
import { flagParameter, type Parameters, readParameters } from "./parameters.ts"
import type { Kind } from "./Setting.ts"

/** HTTP address and credentials of a ClickHouse server. `url` is scheme, host and port only: safe to print. */
export interface ClickhouseAddress {
  readonly url: string
  readonly user: string
  readonly password: Redacted.Redacted
  readonly database: string
  /** Only with https: whether the server's certificate is checked. */
  readonly checkCertificate: boolean
}

const accepts = "clickhouse://user:password@host:9000/database or http(s)://user:password@host:port"
const expectedForms = `expected ${accepts}`

/** Native ports, and the corresponding HTTP ports of a server with default settings. */
const httpPortOf: Readonly<Record<string, string>> = { "9000": "8123", "9440": "8443" }

const httpSchemes: ReadonlySet<string> = new Set(["http:", "https:"])
const nativeSchemes: ReadonlySet<string> = new Set(["clickhouse:", "tcp:", "native:"])

const decodePercent = (value: string): Either.Either<string, string> =>
  Either.try({ try: () => decodeURIComponent(value), catch: () => "contains a malformed percent escape" })

/**
 * clickhouse-go's parameters of the native protocol, buffers and pool. Accepted without effect: this worker uses HTTP
 * with its own limits.
 */
const withoutEffect: ReadonlySet<string> = new Set([
  "block_buffer_size",
  "client_info_product",
  "compress",
  "compress_level",
  "conn_max_lifetime",
  "connection_open_strategy",
  "debug",
  "dial_timeout",
  "max_compression_buffer",
  "max_idle_conns",
  "max_open_conns",
  "read_timeout"
])
const honoured: ReadonlySet<string> = new Set(["username", "password", "database", "secure", "skip_verify"])

const isKnown = (name: string): boolean => honoured.has(name) || withoutEffect.has(name)

/** With `http://` as well, `secure` means TLS: clickhouse-go reads it so. */
const secureHttp = (url: URL, secure: Option.Option<boolean>): Either.Either<string, string> => {
  if (url.protocol === "https:" && Option.contains(secure, false)) return Either.left("says https and secure=false")
  return Either.right(`${Option.contains(secure, true) ? "https:" : url.protocol}//${url.host}`)
}

const nativeOverHttp = (url: URL, secure: Option.Option<boolean>): string => {
  const isSecure = Option.getOrElse(secure, () => url.port === "9440")
  const standardPort = isSecure ? "8443" : "8123"
  const isStandard = url.port === "" || Object.hasOwn(httpPortOf, url.port)
  return `${isSecure ? "https" : "http"}://${url.hostname}:${isStandard ? standardPort : url.port}`
}

const httpAddressOf = (url: URL, parameters: Parameters): Either.Either<string, string> =>
  Either.flatMap(flagParameter(parameters, "secure"), (secure) => {
    if (httpSchemes.has(url.protocol)) return secureHttp(url, secure)
    return nativeSchemes.has(url.protocol) ? Either.right(nativeOverHttp(url, secure)) : Either.left(expectedForms)
  })

/**
 * Reads both forms of an address. `http://` and `https://` are used as given. `clickhouse://` names the native
 * protocol, which is not supported, so it is read as the HTTP interface of the same server: `secure=true` (or port
 * 9440) means https; no port, 9000 and 9440 become 8123, or 8443 with https; any other port is kept, for servers whose
 * HTTP port is not the default one. `skip_verify=true` accepts any certificate. Parameters of the native client are
 * accepted without effect; every other parameter, such as a server setting, is refused by its name. The error quotes
 * nothing else of the address, which contains the password.
 */
export const parseClickhouseAddress = (address: string): Either.Either<ClickhouseAddress, string> =>
  Either.gen(function* () {
    const parsed = URL.parse(address)
    if (parsed === null || parsed.hostname === "" || parsed.hash !== "") return yield* Either.left(expectedForms)
    const parameters = yield* readParameters(parsed.search, isKnown)
    const url = yield* httpAddressOf(parsed, parameters)
    const user = (yield* decodePercent(parsed.username)) || parameters.get("username")
    const password = (yield* decodePercent(parsed.password)) || parameters.get("password")
    const database = (yield* decodePercent(parsed.pathname.slice(1))) || parameters.get("database")
    return {
      url,
      user: user || "default",
      password: Redacted.make(password ?? ""),
      database: database || "default",
      checkCertificate: !Option.getOrElse(yield* flagParameter(parameters, "skip_verify"), () => false)
    }
  })

const weaknessOf = ({ checkCertificate, url }: ClickhouseAddress) => {
  const { hostname, protocol } = new URL(url)
  if (isLoopback(hostname) || (protocol === "https:" && checkCertificate)) return Option.none()
  return Option.some(protocol === "https:" ? ("the server is not verified" as const) : ("not encrypted" as const))
}

export const clickhouseAddress: Kind<ClickhouseAddress> = {
  native: "string",
  accepts,
  isSecret: true,
  decode: (value) => parseClickhouseAddress(value.trim()),
  sends: {
    secret: "the password and what is read and written",
    exposure: (address) => Option.map(weaknessOf(address), (weakness) => ({ address: address.url, weakness }))
  }
}
