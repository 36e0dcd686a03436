import type { FileSystem } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import type { ConfigProblems } from "../config/ConfigProblems.ts"
import { loadRestateAdmin } from "../config/restateAdmin.ts"
import { InvocationsHttpLive } from "../layers/restateAdmin/InvocationsHttp.ts"
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
}: AdminSource): Layer.Layer<Invocations | InvocationWatchSettings, ConfigProblems, FileSystem.FileSystem> =>
  Layer.unwrapEffect(
    Effect.map(loadRestateAdmin(config, adminUrl), ({ builds, restate }) =>
      Layer.merge(
        InvocationsHttpLive(restate),
        Layer.succeed(InvocationWatchSettings, {
          adminUrl: restate.adminUrl,
          hasKey: Option.isSome(restate.apiKey),
          deadlines: deadlinesOf({ builds })
        })
      )
    )
  )
