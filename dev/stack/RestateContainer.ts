import { Effect, type Scope } from "effect"
import { freePort } from "./Port.ts"
import { addressesOf, type RestateAddresses, type RestateOptions, restateSettings } from "./RestateProgram.ts"
import { ComponentFailed } from "./StackFailure.ts"

export const restateImage = "docker.io/restatedev/restate:1.7"

const component = "Restate in Docker"

/**
 * Starts the official image; the container is removed with the scope. It uses the host network, because Restate must reach the
 * worker at the 127.0.0.1 address that the worker registers.
 */
export const startRestateContainer = (
  options: RestateOptions
): Effect.Effect<RestateAddresses, ComponentFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const ports = yield* Effect.all({ ingress: freePort, admin: freePort, node: freePort })
    yield* Effect.acquireRelease(
      Effect.tryPromise({
        // Loaded on demand: it takes half a second, and most machines do not need it.
        try: async () => {
          const { GenericContainer, Wait } = await import("testcontainers")
          return new GenericContainer(restateImage)
            .withNetworkMode("host")
            .withEnvironment(restateSettings("ctrl-worker", ports, options))
            .withWaitStrategy(Wait.forLogMessage(/Ingress HTTP listening/i))
            .start()
        },
        catch: (cause) =>
          new ComponentFailed({ component, reason: "did not start", detail: String(cause), lastLines: [] })
      }),
      (container) => Effect.ignoreLogged(Effect.tryPromise(() => container.stop()))
    )
    return addressesOf(ports)
  })
