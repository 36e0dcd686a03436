import type { LookupAddress } from "node:dns"
import { lookup } from "node:dns/promises"
import { isPublicAddress } from "./publicAddress.ts"

/** A service named a host with private addresses. Carries a code, like Node's errors. */
export class AddressRefused extends Error {
  readonly code = "ERR_ADDRESS_REFUSED"
}

/** `URL` puts IPv6 addresses in brackets, resolvers do not accept them. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, "")

const isInternal = (addresses: ReadonlyArray<LookupAddress>): boolean =>
  addresses.some(({ address }) => !isPublicAddress(address))

/**
 * Resolves a host that a response of the configured host `configuredHost` names. The caller connects to these addresses without a
 * second DNS lookup. Rejects with AddressRefused if one of them is private, unless `configuredHost` itself has a private address: then
 * both are in the operator's network.
 */
export const addressesOf = async (host: string, configuredHost: string): Promise<ReadonlyArray<LookupAddress>> => {
  const addresses = await lookup(host, { all: true })
  if (host === configuredHost || !isInternal(addresses)) return addresses
  if (isInternal(await lookup(configuredHost, { all: true }))) return addresses
  throw new AddressRefused("the neighbour names an address that is not public")
}
