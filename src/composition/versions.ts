import type { FileSystem } from "@effect/platform"
import { Effect, Layer } from "effect"
import type { ConfigProblems } from "../config/ConfigProblems.ts"
import { loadRestateAdmin } from "../config/restateAdmin.ts"
import { RestateVersionsHttpLive } from "../layers/restateAdmin/RestateVersionsHttp.ts"
import type { RestateVersions } from "../operations/RestateVersions.ts"
import type { AdminSource } from "./status.ts"

/** The worker versions registered with Restate. Needs only the admin API. */
export const Versions = ({
  adminUrl,
  config
}: AdminSource): Layer.Layer<RestateVersions, ConfigProblems, FileSystem.FileSystem> =>
  Layer.unwrapEffect(Effect.map(loadRestateAdmin(config, adminUrl), ({ restate }) => RestateVersionsHttpLive(restate)))
