import { Effect, Option } from "effect"
import { withoutScheme } from "../../names/imageReference.ts"
import { RegistryUnavailable } from "../../services/builds/ImageRegistry.ts"
import { bareHost } from "../outbound/addresses.ts"
import { reasonOfStatus } from "../outbound/status.ts"
import type { Registry } from "./Registry.ts"

/** The host of the registry's API. Docker Hub's has another host than its image names. */
const apiHost = ({ url }: Pick<Registry, "url">): string => {
  const [host = ""] = withoutScheme(url).split("/", 1)
  return /^(?:index\.)?docker\.io$/.test(host) ? "registry-1.docker.io" : host
}

/** The configured host, for the check of hosts that the registry names. An invalid one is refused with the first request. */
export const configuredHost = (registry: Pick<Registry, "url">): string => {
  const host = apiHost(registry)
  return URL.canParse(`https://${host}`) ? bareHost(new URL(`https://${host}`).hostname) : host
}

/** Asks the root of the API. An insecure registry usually serves plain HTTP and does not respond to HTTPS. */
export const askRoot = <A, E>(
  registry: Pick<Registry, "insecure" | "url">,
  get: (address: string) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const root = `://${apiHost(registry)}/v2/`
  return registry.insecure ? Effect.orElse(get(`http${root}`), () => get(`https${root}`)) : get(`https${root}`)
}

/** The parameters of a Bearer challenge, anywhere in the list of challenges (RFC 9110, 11.6.1). */
const bearerChallenge = /(?:^|,)\s*bearer\s+((?:[\w-]+="[^"]*"\s*,?\s*)+)/i

/**
 * The token URL of a registry's Bearer challenge (Distribution token authentication), such as `Bearer
 * realm="https://auth.example/token",service="registry.example"`, alone or among others. None if there is no such challenge.
 */
export const tokenAddress = (challenges: string): Option.Option<string> => {
  const challenge = bearerChallenge.exec(challenges)?.[1] ?? ""
  const parameter = (name: string) => new RegExp(`(?:^|[\\s,])${name}="([^"]*)"`, "i").exec(challenge)?.[1]
  const realm = parameter("realm")
  if (realm === undefined || !URL.canParse(realm)) return Option.none()
  const address = new URL(realm)
  const service = parameter("service")
  if (service !== undefined) address.searchParams.set("service", service)
  return Option.some(address.href)
}

/** The password is sent to the token URL, so plain HTTP only if the operator allowed it. */
export const mayReceivePassword = ({ insecure }: Pick<Registry, "insecure">, address: string): boolean =>
  insecure || address.startsWith("https:")

export const failedStatus = (status: number): RegistryUnavailable =>
  new RegistryUnavailable({ reason: reasonOfStatus(status), status })
