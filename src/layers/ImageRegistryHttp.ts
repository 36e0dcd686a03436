import { HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { ImageRegistry, RegistryUnavailable } from "../services/builds/ImageRegistry.ts"
import type { Registry } from "./builder/Registry.ts"
import { askRoot, configuredHost, failedStatus, mayReceivePassword, tokenAddress } from "./builder/registryEndpoint.ts"
import { registry as bounds } from "./outbound/bounds.ts"
import { reasonOf, statusOf } from "./outbound/OutboundError.ts"
import { openOutbound } from "./outbound/OutboundHttp.ts"

const make = (registry: Registry) =>
  Effect.map(openOutbound({ bounds, reading: "head", configuredHost: configuredHost(registry) }), (send) => {
    const { password, username } = registry
    const get = (address: string) =>
      send(HttpClientRequest.basicAuth(HttpClientRequest.get(address), username, Redacted.value(password))).pipe(
        Effect.mapError((error) => new RegistryUnavailable({ reason: reasonOf(error), ...statusOf(error) }))
      )
    return ImageRegistry.of({
      check: Effect.gen(function* () {
        const answer = yield* askRoot(registry, get)
        if (answer.status === 200) return
        const address = tokenAddress(answer.headers["www-authenticate"] ?? "")
        if (answer.status !== 401 || Option.isNone(address) || !mayReceivePassword(registry, address.value)) {
          return yield* failedStatus(answer.status)
        }
        const { status } = yield* get(address.value)
        if (status !== 200) return yield* failedStatus(status)
      })
    })
  })

/** A registry with the OCI distribution API, with basic or token authentication. */
export const ImageRegistryHttpLive = (registry: Registry): Layer.Layer<ImageRegistry> =>
  Layer.scoped(ImageRegistry, make(registry))
