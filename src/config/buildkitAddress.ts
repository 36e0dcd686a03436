import { Either, Option } from "effect"
import { isLoopback } from "./address.ts"
import { type Given, isGiven, type Kind } from "./Setting.ts"

const accepts = "tcp://host:port, unix:///path or docker:///path of an engine's socket"

const tlsSettings = [
  "builder.tls.ca_file",
  "builder.tls.certificate_file",
  "builder.tls.key_file",
  "builder.tls.server_name"
]

/** Whether this address is remote and without TLS: any caller that reaches such a daemon controls it. */
export const isUnprotected = (address: string, given: Given): boolean => {
  const host = /^tcp:\/\/([^:]+):\d+$/.exec(address)?.[1]
  return host !== undefined && !isLoopback(host) && !tlsSettings.some((path) => isGiven(given, path))
}

export const buildkitAddress: Kind<string> = {
  native: "string",
  accepts,
  decode: (value) =>
    /^(tcp:\/\/[\w.-]+:\d{1,5}|(unix|docker):\/\/\/\S+)$/.test(value)
      ? Either.right(value)
      : Either.left(`expected ${accepts}`),
  sends: {
    secret: "the source, and with it control over the daemon",
    exposure: (address, given) =>
      isUnprotected(address, given) ? Option.some({ address, weakness: "not encrypted" }) : Option.none()
  }
}
