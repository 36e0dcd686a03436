import { Either, Redacted } from "effect"
import type { Kind } from "./Setting.ts"

/** Where a ClickHouse server answers over HTTP, and who we are to it. `url` is scheme, host and port alone: safe to print. */
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

/** Native ports, and the HTTP ports that a server with default settings has beside them. */
const httpPortOf: Readonly<Record<string, string>> = { "9000": "8123", "9440": "8443" }

const httpSchemes: ReadonlySet<string> = new Set(["http:", "https:"])
const nativeSchemes: ReadonlySet<string> = new Set(["clickhouse:", "tcp:", "native:"])

const decodePercent = (value: string): Either.Either<string, string> =>
  Either.try({ try: () => decodeURIComponent(value), catch: () => "contains a malformed percent escape" })

const isTrue = (url: URL, parameter: string): boolean =>
  ["true", "1"].includes(url.searchParams.get(parameter)?.toLowerCase() ?? "")

/** Undefined when the scheme is none of ours. */
const httpAddressOf = (url: URL): string | undefined => {
  if (httpSchemes.has(url.protocol)) return `${url.protocol}//${url.host}`
  if (!nativeSchemes.has(url.protocol)) return undefined
  const isSecure = isTrue(url, "secure") || url.port === "9440"
  const standardPort = isSecure ? "8443" : "8123"
  const isStandard = url.port === "" || Object.hasOwn(httpPortOf, url.port)
  return `${isSecure ? "https" : "http"}://${url.hostname}:${isStandard ? standardPort : url.port}`
}

/**
 * Reads both forms of an address. `http://` and `https://` are taken as they are. `clickhouse://` names the native protocol,
 * which we do not speak, so it is read as the HTTP interface of the same server: `secure=true` (or port 9440) means https;
 * no port, 9000 and 9440 become 8123, or 8443 with https; any other port is kept, for servers whose HTTP port is not the
 * default one. `skip_verify=true` accepts any certificate. Other parameters are for native clients only and are ignored. The
 * failure never quotes the address: it holds the password.
 */
export const parseClickhouseAddress = (address: string): Either.Either<ClickhouseAddress, string> =>
  Either.gen(function* () {
    const parsed = URL.parse(address)
    const url = parsed === null ? undefined : httpAddressOf(parsed)
    if (parsed === null || url === undefined || parsed.hostname === "") return yield* Either.left(expectedForms)
    const user = (yield* decodePercent(parsed.username)) || parsed.searchParams.get("username")
    const password = (yield* decodePercent(parsed.password)) || parsed.searchParams.get("password")
    const database = (yield* decodePercent(parsed.pathname.slice(1))) || parsed.searchParams.get("database")
    return {
      url,
      user: user || "default",
      password: Redacted.make(password ?? ""),
      database: database || "default",
      checkCertificate: !isTrue(parsed, "skip_verify")
    }
  })

export const clickhouseAddress: Kind<ClickhouseAddress> = {
  native: "string",
  accepts,
  isSecret: true,
  decode: (value) => parseClickhouseAddress(value.trim())
}
