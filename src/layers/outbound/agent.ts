import type { LookupFunction } from "node:net"
import { Undici } from "@effect/platform-node"
import { addressesOf } from "./addresses.ts"

export interface AgentOptions {
  /** Of one answer's body, as it comes over the wire: nothing here decodes it. */
  readonly maxBytes: number
  readonly maxConnections: number
  /** PEM. Trusted instead of the system's roots. */
  readonly certificateAuthorities?: string | undefined
  /** Default true. */
  readonly checkCertificate?: boolean | undefined
  /** The configured host, where its answers name further ones: see `addressesOf`. */
  readonly namedBy?: string | undefined
}

/** TCP and TLS together. The call's own limit may be shorter. */
const connectTimeout = 5_000

const checkedLookup =
  (namedBy: string): LookupFunction =>
  (host, { all }, callback) => {
    addressesOf(host, namedBy).then(
      (addresses) => {
        const [first] = addresses
        if (all === true || first === undefined) return callback(null, [...addresses])
        callback(null, first.address, first.family)
      },
      (error) => callback(error, "")
    )
  }

/** An address instead of a name is never looked up, so it is looked at before the connection is opened. */
const checkedConnector = (
  connect: Undici.buildConnector.connector,
  namedBy: string
): Undici.buildConnector.connector => {
  return (options, callback) => {
    addressesOf(options.hostname, namedBy).then(
      () => connect(options, callback),
      (error) => callback(error, null)
    )
  }
}

/**
 * Connections of one neighbour, shared with no other. They take no proxy from the environment, follow no redirect and
 * decode nothing.
 */
export const openAgent = (options: AgentOptions): Undici.Agent => {
  const { certificateAuthorities: ca, checkCertificate = true, namedBy } = options
  const connect = Undici.buildConnector({
    timeout: connectTimeout,
    rejectUnauthorized: checkCertificate,
    ...(ca !== undefined && { ca }),
    ...(namedBy !== undefined && { lookup: checkedLookup(namedBy) })
  })
  return new Undici.Agent({
    maxResponseSize: options.maxBytes,
    connections: options.maxConnections,
    connect: namedBy === undefined ? connect : checkedConnector(connect, namedBy)
  })
}
