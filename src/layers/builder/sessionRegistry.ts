import { HttpClient } from "@effect/platform"
import { Effect } from "effect"
import { parseImageReference } from "../../names/imageReference.ts"
import { RegistryUnavailable } from "../../services/builds/ImageRegistry.ts"
import type { SessionRegistry } from "./buildkit/SessionAuth.ts"
import type { Registry } from "./Registry.ts"
import { fetchToken, registryAccess } from "./registryAccess.ts"

/** Registry access for the build of this image. Queries the registry once; tokens are fetched when the daemon requests them. */
export const sessionRegistry = (
  registry: Registry,
  image: string
): Effect.Effect<SessionRegistry, RegistryUnavailable, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const access = yield* registryAccess(registry)
    // The name consists of validated parts below the operator's own registry.
    const { host, path } = yield* Effect.orDie(parseImageReference(image))
    const offer: SessionRegistry = {
      host,
      repository: path,
      access: access._tag,
      username: registry.username,
      password: registry.password,
      fetchToken: (scopes, as) =>
        access._tag === "Tokens"
          ? Effect.provideService(
              fetchToken(access.address, scopes, as === "pusher" ? registry : null),
              HttpClient.HttpClient,
              http
            )
          : new RegistryUnavailable({ reason: "unexpected-answer" })
    }
    return offer
  })
