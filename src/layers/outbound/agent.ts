import type { LookupFunction } from "node:net"
import { Undici } from "@effect/platform-node"
import { addressesOf } from "./addresses.ts"

export interface AgentOptions {
  /** Maximum body size on the wire, before any decoding. */
  readonly maxBytes: number
  readonly maxConnections: number
  /** PEM. Replaces the system's trusted roots. */
  readonly certificateAuthorities?: string | undefined
  /** Default true. */
  readonly checkCertificate?: boolean | undefined
  /** The configured host, if its responses name further hosts: see `addressesOf`. */
  readonly configuredHost?: string | undefined
}

/** TCP and TLS handshake together. The call's own timeout may be shorter. */
const connectTimeout = 5_000

const checkedLookup =
  (configuredHost: string): LookupFunction =>
  (host, { all }, callback) => {
    addressesOf(host, configuredHost).then(
      (addresses) => {
        const [first] = addresses
        if (all === true || first === undefined) return callback(null, [...addresses])
        callback(null, first.address, first.family)
      },
      (error) => callback(error, "")
    )
  }

/** A literal address skips the DNS lookup, so it is checked before the connection opens. */
const checkedConnector = (
  connect: Undici.buildConnector.connector,
  configuredHost: string
): Undici.buildConnector.connector => {
  return (options, callback) => {
    addressesOf(options.hostname, configuredHost).then(
      () => connect(options, callback),
      (error) => callback(error, null)
    )
  }
}

/**
 * Connections to one service, not shared with others. They use no proxy from the environment, follow no redirect and decode
 * nothing.
 */
export const openAgent = (options: AgentOptions): Undici.Agent => {
  const { certificateAuthorities: ca, checkCertificate = true, configuredHost } = options
  const connect = Undici.buildConnector({
    timeout: connectTimeout,
    rejectUnauthorized: checkCertificate,
    ...(ca !== undefined && { ca }),
    ...(configuredHost !== undefined && { lookup: checkedLookup(configuredHost) })
  })
  return new Undici.Agent({
    maxResponseSize: options.maxBytes,
    connections: options.maxConnections,
    connect: configuredHost === undefined ? connect : checkedConnector(connect, configuredHost)
  })
}
