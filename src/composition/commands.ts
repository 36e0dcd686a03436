import type { FileSystem } from "@effect/platform"
import { Config, Effect, Layer, Option, Redacted } from "effect"
import type { ConfigProblems } from "../config/ConfigProblems.ts"
import { loadRestateAdmin } from "../config/restateAdmin.ts"
import { RestateIngressHttpLive } from "../layers/RestateIngressHttp.ts"
import { RestateAdminHttpLive } from "../layers/restateAdmin/RestateAdminHttp.ts"
import { RestateVersionsHttpLive } from "../layers/restateAdmin/RestateVersionsHttp.ts"
import type { RestateAdmin } from "../operations/RestateAdmin.ts"
import type { RestateIngress } from "../operations/RestateIngress.ts"
import type { RestateVersions } from "../operations/RestateVersions.ts"
import type { AdminSource } from "./status.ts"

/** `versions`: the worker versions registered with Restate. Needs only the admin API. */
export const Versions = ({
  adminUrl,
  config
}: AdminSource): Layer.Layer<RestateVersions, ConfigProblems, FileSystem.FileSystem> =>
  Layer.unwrapEffect(Effect.map(loadRestateAdmin(config, adminUrl), ({ restate }) => RestateVersionsHttpLive(restate)))

/** `register`: Restate's admin API alone. */
export const Admin = ({
  adminUrl,
  config
}: AdminSource): Layer.Layer<RestateAdmin, ConfigProblems, FileSystem.FileSystem> =>
  Layer.unwrapEffect(Effect.map(loadRestateAdmin(config, adminUrl), ({ restate }) => RestateAdminHttpLive(restate)))

/** Absent or blank: requests have no key. */
const ingressKey = Config.option(Config.redacted("RESTATE_API_KEY")).pipe(
  Config.map(Option.filter((key) => Redacted.value(key) !== ""))
)

/**
 * `cron`: the ingress at this address, with the key of RESTATE_API_KEY. The environment variables are those of a
 * scheduler's job, which does not have the worker's configuration.
 */
export const Ingress = (url: string): Layer.Layer<RestateIngress> =>
  Layer.unwrapEffect(Effect.map(Effect.orDie(ingressKey), (key) => RestateIngressHttpLive({ url, apiKey: key })))
