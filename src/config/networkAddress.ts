import { isIP } from "node:net"
import { Either } from "effect"
import type { Kind } from "./Setting.ts"

const accepts = "an IP or a network in CIDR notation, such as 10.0.0.0/8"

const isPrefix = (prefix: string, family: number): boolean =>
  /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32)

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
export const networkAddress: Kind<string> = {
  native: "string",
  accepts,
  decode: (value) => {
    const [address = "", prefix, ...rest] = value.trim().split("/")
    const family = isIP(address)
    const isValid = family !== 0 && rest.length === 0 && (prefix === undefined || isPrefix(prefix, family))
    return isValid ? Either.right(value.trim()) : Either.left(`expected ${accepts}`)
  }
}
