import { BlockList, isIPv6 } from "node:net"
import type { NetworkPolicy } from "./Manifest.ts"

const family = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4")

const isIn = (address: string, ranges: ReadonlyArray<string>): boolean => {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = "", bits] = range.split("/")
    // An IPv6 range would match IPv4 addresses in their mapped form.
    if (family(network) === family(address)) list.addSubnet(network, Number(bits), family(network))
  }
  return list.check(address, family(address))
}

/**
 * Whether these policies, all of them about one pod, let it open a connection to the address. What one of them allows is
 * allowed; without any that is about egress, everything is.
 */
export const mayReach = (policies: ReadonlyArray<NetworkPolicy>, address: string, port: number): boolean => {
  const limiting = policies.filter(({ spec }) => spec.policyTypes.includes("Egress"))
  const rules = limiting.flatMap(({ spec }) => spec.egress)
  return (
    limiting.length === 0 ||
    rules.some(
      ({ ports, to }) =>
        (ports.length === 0 || ports.some((it) => it.port === port)) &&
        to.some(
          ({ ipBlock }) => ipBlock !== undefined && isIn(address, [ipBlock.cidr]) && !isIn(address, ipBlock.except)
        )
    )
  )
}
