import { BlockList, isIP } from "node:net"

type Subnet = readonly [network: string, prefix: number]

/**
 * IANA IPv4 Special-Purpose Address Registry (RFC 6890 and later entries), without globally reachable entries; multicast (RFC
 * 5771); and the address of Azure's virtual public IP.
 */
const reservedIpv4: ReadonlyArray<Subnet> = [
  ["0.0.0.0", 8], // this network, RFC 791
  ["10.0.0.0", 8], // private use, RFC 1918
  ["100.64.0.0", 10], // shared address space of carriers, RFC 6598; Alibaba's metadata service is in it
  ["127.0.0.0", 8], // loopback, RFC 1122
  ["169.254.0.0", 16], // link-local, RFC 3927; the metadata services of AWS, Google, Azure and others are in it
  ["172.16.0.0", 12], // private use, RFC 1918
  ["192.0.0.0", 24], // IETF protocol assignments, RFC 6890; Oracle's metadata service is in it
  ["192.0.2.0", 24], // documentation, RFC 5737
  ["192.88.99.0", 24], // 6to4 relay, deprecated by RFC 7526
  ["192.168.0.0", 16], // private use, RFC 1918
  ["198.18.0.0", 15], // benchmarking, RFC 2544
  ["198.51.100.0", 24], // documentation, RFC 5737
  ["203.0.113.0", 24], // documentation, RFC 5737
  ["224.0.0.0", 4], // multicast, RFC 5771
  ["240.0.0.0", 4], // reserved, RFC 1112, and limited broadcast, RFC 8190
  ["168.63.129.16", 32] // Azure's virtual public address of the host
]

/** The range that IANA allocates for global unicast (RFC 4291, section 2.4). */
const globalUnicast: Subnet = ["2000::", 3]

/** Entries of the IANA IPv6 Special-Purpose Address Registry within global unicast that are not globally reachable. */
const reservedIpv6: ReadonlyArray<Subnet> = [
  ["2001::", 23], // IETF protocol assignments, RFC 2928: Teredo, benchmarking, ORCHID
  ["2001:db8::", 32], // documentation, RFC 3849
  ["2002::", 16], // 6to4, RFC 3056: holds any IPv4 address
  ["3fff::", 20] // documentation, RFC 9637
]

/** NAT64's well-known prefix: the last 32 bits are the IPv4 address (RFC 6052, section 2.1). */
const nat64: Subnet = ["64:ff9b::", 96]

const listOf = (family: "ipv4" | "ipv6", subnets: ReadonlyArray<Subnet>): BlockList => {
  const list = new BlockList()
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family)
  return list
}

const reserved4 = listOf("ipv4", reservedIpv4)
const reserved6 = listOf("ipv6", reservedIpv6)
const unicast6 = listOf("ipv6", [globalUnicast])
const nat64Prefix = listOf("ipv6", [nat64])

/** The IPv4 address in the last 32 bits. `URL` formats IPv6 addresses with hexadecimal groups only. */
const embeddedIpv4 = (address: string): string => {
  const [high = "", low = ""] = new URL(`http://[${address}]`).hostname.replace(/[[\]]/g, "").split(":").slice(-2)
  const [upper, lower] = [Number.parseInt(high || "0", 16), Number.parseInt(low || "0", 16)]
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join(".")
}

/**
 * Whether an IP address is public. Private, shared, loopback, link-local, unique local, multicast, unspecified, documentation
 * and metadata addresses are not, nor IPv4 embedded in IPv6 (RFC 4291, section 2.5.5), addresses with a zone, or invalid
 * addresses.
 */
export const isPublicAddress = (address: string): boolean => {
  switch (isIP(address)) {
    case 4:
      return !reserved4.check(address, "ipv4")
    case 6:
      if (address.includes("%")) return false
      if (nat64Prefix.check(address, "ipv6")) return isPublicAddress(embeddedIpv4(address))
      return unicast6.check(address, "ipv6") && !reserved6.check(address, "ipv6")
    default:
      return false
  }
}
