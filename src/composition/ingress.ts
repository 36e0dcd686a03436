import { Config, Effect, Layer, Option, Redacted } from "effect"
import { RestateIngressHttpLive } from "../layers/RestateIngressHttp.ts"
import type { RestateIngress } from "../operations/RestateIngress.ts"

/** Absent or blank: requests have no key. */
const apiKey = Config.option(Config.redacted("RESTATE_API_KEY")).pipe(
  Config.map(Option.filter((key) => Redacted.value(key) !== ""))
)

/**
 * The ingress at this address, with the key of RESTATE_API_KEY. The environment variables are those of a scheduler's
 * job, which does not have the worker's configuration.
 */
export const Ingress = (url: string): Layer.Layer<RestateIngress> =>
  Layer.unwrapEffect(Effect.map(Effect.orDie(apiKey), (key) => RestateIngressHttpLive({ url, apiKey: key })))
