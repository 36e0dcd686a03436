import { HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { ImageRegistry, RegistryUnavailable } from "../services/builds/ImageRegistry.ts"
import type { Registry } from "./builder/Registry.ts"
import { bareHost } from "./outbound/addresses.ts"
import { registry as bounds } from "./outbound/bounds.ts"
import { reasonOf, statusOf } from "./outbound/OutboundError.ts"
import { openOutbound } from "./outbound/OutboundHttp.ts"

/** Docker Hub's API has another host than its image names. */
const apiHost = (host: string): string => (/^(index\.)?docker\.io$/.test(host) ? "registry-1.docker.io" : host)

const hostOf = (url: string): string => url.replace(/^https?:\/\//, "").split("/", 1)[0] ?? ""

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

const failed = (status: number): RegistryUnavailable => {
  if (status === 401 || status === 403) return new RegistryUnavailable({ reason: "denied", status })
  const reason = status >= 500 || status === 429 ? "unavailable" : "unexpected-answer"
  return new RegistryUnavailable({ reason, status })
}

const make = ({ insecure, password, url, username }: Registry) => {
  const host = apiHost(hostOf(url))
  // An invalid host is refused with the first request.
  const configuredHost = URL.canParse(`https://${host}`) ? bareHost(new URL(`https://${host}`).hostname) : host
  const outbound = openOutbound({ bounds, reading: "head", configuredHost })
  return Effect.map(outbound, (send) => {
    const get = (address: string) =>
      send(HttpClientRequest.basicAuth(HttpClientRequest.get(address), username, Redacted.value(password))).pipe(
        Effect.mapError((error) => new RegistryUnavailable({ reason: reasonOf(error), ...statusOf(error) }))
      )
    const root = `://${host}/v2/`
    // An insecure registry usually serves plain HTTP and does not respond to HTTPS.
    const asked = insecure ? Effect.orElse(get(`http${root}`), () => get(`https${root}`)) : get(`https${root}`)
    const mayBeTold = (address: string) => insecure || address.startsWith("https:")
    return ImageRegistry.of({
      check: Effect.gen(function* () {
        const answer = yield* asked
        if (answer.status === 200) return
        const address = tokenAddress(answer.headers["www-authenticate"] ?? "")
        if (answer.status !== 401 || Option.isNone(address) || !mayBeTold(address.value)) {
          return yield* failed(answer.status)
        }
        const { status } = yield* get(address.value)
        if (status !== 200) return yield* failed(status)
      })
    })
  })
}

/** A registry with the OCI distribution API, with basic or token authentication. */
export const ImageRegistryHttpLive = (registry: Registry): Layer.Layer<ImageRegistry> =>
  Layer.scoped(ImageRegistry, make(registry))
