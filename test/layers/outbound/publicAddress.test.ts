import { assert, describe, it } from "@effect/vitest"
import { isPublicAddress } from "../../../src/layers/outbound/publicAddress.ts"

/** IANA's special-purpose registries (RFC 6890), and the addresses of metadata services. First and last of a range. */
const refused: Readonly<Record<string, ReadonlyArray<string>>> = {
  "unspecified and this network, RFC 791": ["0.0.0.0", "0.255.255.255", "::"],
  "private, RFC 1918": ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
  "shared by carriers, RFC 6598": ["100.64.0.0", "100.127.255.255"],
  "loopback, RFC 1122 and RFC 4291": ["127.0.0.1", "127.255.255.255", "::1"],
  "link-local, RFC 3927 and RFC 4291": ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1", "fe80::1%eth0"],
  "unique local, RFC 4193": ["fc00::1", "fdff:ffff::1"],
  "multicast, RFC 5771 and RFC 4291": ["224.0.0.1", "239.255.255.255", "ff02::1"],
  "reserved and broadcast, RFC 1112 and RFC 8190": ["240.0.0.0", "255.255.255.255"],
  "protocol assignments, RFC 6890 and RFC 2928": ["192.0.0.1", "2001::1", "2001:1ff:ffff::1"],
  "documentation, RFC 5737, RFC 3849 and RFC 9637": [
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "2001:db8::1",
    "3fff::1"
  ],
  "benchmarking, RFC 2544": ["198.18.0.0", "198.19.255.255"],
  "6to4, RFC 7526 and RFC 3056": ["192.88.99.1", "2002:7f00:1::1"],
  "IPv4 within IPv6, RFC 4291, 2.5.5": ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a00:1", "::127.0.0.1"],
  "NAT64 of what is not public, RFC 6052 and RFC 8215": ["64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::808:808"],
  "site-local, RFC 3879, and discard, RFC 6666": ["fec0::1", "100::1"],
  "metadata services": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
  "what is no address": ["", "localhost", "127.1", "0x7f000001", "1.2.3.4:80", "[::1]"]
}

const allowed = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "223.255.255.255",
  "168.63.129.15",
  "2001:200::1",
  "2606:4700:4700::1111",
  "2a00:1450:4001::1",
  "64:ff9b::808:808"
]

describe("an address of the public internet", () => {
  for (const [kind, addresses] of Object.entries(refused))
    it(`is none that is ${kind}`, () => {
      for (const address of addresses) assert.isFalse(isPublicAddress(address), address)
    })

  it("is one next to every range that is not", () => {
    for (const address of allowed) assert.isTrue(isPublicAddress(address), address)
  })
})
