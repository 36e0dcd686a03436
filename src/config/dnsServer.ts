import { isIP } from "node:net"
import { Either } from "effect"
import type { Kind } from "./Setting.ts"

const highestPort = 65_535

const split = (value: string): readonly [address: string, port: string] => {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(value)
  if (bracketed !== null) return [bracketed[1] ?? "", bracketed[2] ?? "53"]
  const [address = "", port = "53", ...rest] = value.split(":")
  return rest.length > 0 ? [value, "53"] : [address, port]
}

const accepts = "an IP address with an optional port, such as 1.1.1.1 or 127.0.0.1:8053"

/**
 * An address with an optional port: `1.1.1.1`, `127.0.0.1:8053`, `[2606:4700::1111]:53`. A host name would need DNS.
 */
export const dnsServer: Kind<string> = {
  native: "string",
  accepts,
  decode: (value) => {
    const [address, port] = split(value)
    return isIP(address) > 0 && /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= highestPort
      ? Either.right(value)
      : Either.left(`expected ${accepts}`)
  }
}
