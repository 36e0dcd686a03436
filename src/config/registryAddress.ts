import { Option } from "effect"
import { isLoopback } from "./address.ts"
import { imageRegistry } from "./kinds.ts"
import { isGiven, type Kind } from "./Setting.ts"

const hostOf = (address: string): string => address.replace(/^https?:\/\//, "").split(/[/:]/, 1)[0] ?? ""

/** `host[:port][/path]`, as images are named, with or without a scheme. */
export const registryAddress: Kind<string> = {
  ...imageRegistry,
  sends: {
    secret: "the password",
    exposure: (address, given) =>
      given.get("registry.insecure") === "true" && isGiven(given, "registry.password") && !isLoopback(hostOf(address))
        ? Option.some({ address: hostOf(address), weakness: "not encrypted" })
        : Option.none()
  }
}
