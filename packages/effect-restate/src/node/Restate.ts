import { Effect, Layer, type Scope } from "effect"
import { silentObserver } from "../attempt/Observer.ts"
import { type BindingOptions, type NeedsOf, type Servable, sdkDefinitions } from "../attempt/sdkDefinitions.ts"
import {
  type Address,
  defaultEndpoint,
  type EndpointOptions,
  type EndpointUnavailable,
  serveEndpoint
} from "./Endpoint.ts"
import { StepsInFlight } from "./StepsInFlight.ts"

/** What is left out is as in `defaultEndpoint`. */
export interface ServeOptions<S extends Servable> extends Partial<EndpointOptions>, BindingOptions {
  /** Objects, services and workflows, and definitions that were made with Restate's SDK. */
  readonly services: ReadonlyArray<S>
}

/**
 * Serves until the scope closes, and answers once the port is open. Step bodies run with the services, logger and tracer of the
 * calling fiber. Closing sends GOAWAY and suspends every attempt, at once where it waits, after its step where one runs; what has
 * not ended within `drain` is cut, and Restate repeats it elsewhere.
 */
export const listen = <S extends Servable>(
  options: ServeOptions<S>
): Effect.Effect<Address, EndpointUnavailable, NeedsOf<S> | Scope.Scope> =>
  Effect.gen(function* () {
    const { limits = {}, observer = silentObserver, services, ...endpoint } = options
    const steps = new StepsInFlight(observer)
    const definitions = yield* sdkDefinitions(services, { observer: steps.observer, limits })
    return yield* serveEndpoint(definitions, steps, { ...defaultEndpoint, ...endpoint })
  })

const announced = <S extends Servable>(options: ServeOptions<S>) =>
  Effect.tap(listen(options), ({ host, port }) => {
    const names = options.services.map((servable) => ("contract" in servable ? servable.contract.name : servable.name))
    return Effect.logInfo(`Serving ${names.join(", ")} to Restate on ${host}:${port}`)
  })

/**
 * Serves until it is interrupted, and drains then as `listen` does. It never answers: run it with `NodeRuntime.runMain`, which
 * interrupts it on SIGINT and SIGTERM.
 */
export const serve = <S extends Servable>(
  options: ServeOptions<S>
): Effect.Effect<never, EndpointUnavailable, Exclude<NeedsOf<S> | Scope.Scope, Scope.Scope>> =>
  Effect.scoped(Effect.zipRight(announced(options), Effect.never))

/** Serves for as long as the layer lives, for programs that have more to do than that. */
export const layer = <S extends Servable>(
  options: ServeOptions<S>
): Layer.Layer<never, EndpointUnavailable, Exclude<NeedsOf<S> | Scope.Scope, Scope.Scope>> =>
  Layer.scopedDiscard(announced(options))
