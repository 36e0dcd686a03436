import type { LookupAddress } from "node:dns"
import { lookup } from "node:dns/promises"
import { isPublicAddress } from "./publicAddress.ts"

/** A neighbour named a host whose addresses are not public. Node's errors carry a code, and so does this one. */
export class AddressRefused extends Error {
  readonly code = "ERR_ADDRESS_REFUSED"
}

/** `URL` writes an IPv6 address in brackets, and resolvers take it without. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[|\]$/g, "")

const isInternal = (addresses: ReadonlyArray<LookupAddress>): boolean =>
  addresses.some(({ address }) => !isPublicAddress(address))

/**
 * The addresses of a host that the configured host `namedBy` sent us to. They are what is connected to: the name is not
 * resolved a second time. Fails with AddressRefused when one of them is not public, unless `namedBy` itself is at an
 * address that is not: then both are in the operator's own network.
 */
export const addressesOf = async (host: string, namedBy: string): Promise<ReadonlyArray<LookupAddress>> => {
  const addresses = await lookup(host, { all: true })
  if (host === namedBy || !isInternal(addresses)) return addresses
  if (isInternal(await lookup(namedBy, { all: true }))) return addresses
  throw new AddressRefused("the neighbour names an address that is not public")
}
