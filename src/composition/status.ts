import type { FileSystem } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import type { ConfigProblems } from "../config/ConfigProblems.ts"
import { loadRestateAdmin } from "../config/restateAdmin.ts"
import { InvocationDetailsHttpLive } from "../layers/restateAdmin/InvocationDetailsHttp.ts"
import { InvocationsHttpLive } from "../layers/restateAdmin/InvocationsHttp.ts"
import type { InvocationDetails } from "../operations/InvocationDetails.ts"
import type { Invocations } from "../operations/Invocations.ts"
import { InvocationWatchSettings } from "../operations/InvocationWatchSettings.ts"
import { deadlinesOf } from "./deadlines.ts"

export interface AdminSource {
  /** Path of the configuration file. */
  readonly config: Option.Option<string>
  /** Overrides the configured address. */
  readonly adminUrl: Option.Option<string>
}

/** Needs only Restate's admin API: no database, no vault. */
export const StatusServices = ({
  adminUrl,
  config
}: AdminSource): Layer.Layer<
  Invocations | InvocationDetails | InvocationWatchSettings,
  ConfigProblems,
  FileSystem.FileSystem
> =>
  Layer.unwrapEffect(
    Effect.map(loadRestateAdmin(config, adminUrl), ({ builds, restate }) =>
      Layer.mergeAll(
        InvocationsHttpLive(restate),
        InvocationDetailsHttpLive(restate),
        Layer.succeed(InvocationWatchSettings, {
          adminUrl: restate.adminUrl,
          hasKey: Option.isSome(restate.apiKey),
          deadlines: deadlinesOf({ builds })
        })
      )
    )
  )
