import type { FileSystem } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import type { ConfigProblems } from "../config/ConfigProblems.ts"
import { loadRestateAdmin } from "../config/restateAdmin.ts"
import { InvocationActionsHttpLive } from "../layers/restateAdmin/InvocationActionsHttp.ts"
import { InvocationDetailsHttpLive } from "../layers/restateAdmin/InvocationDetailsHttp.ts"
import { InvocationsHttpLive } from "../layers/restateAdmin/InvocationsHttp.ts"
import type { InvocationActions } from "../operations/InvocationActions.ts"
import type { InvocationDetails } from "../operations/InvocationDetails.ts"
import type { Invocations } from "../operations/Invocations.ts"
import { InvocationWatchSettings } from "../operations/InvocationWatchSettings.ts"
import { commandPlace } from "./commandPlace.ts"
import { deadlinesOf } from "./deadlines.ts"

export interface AdminSource {
  /** Path of the configuration file. */
  readonly config: Option.Option<string>
  /** Overrides the configured address. */
  readonly adminUrl: Option.Option<string>
}

/** The same options, for commands that are shown. */
export const optionsOf = ({ adminUrl, config }: AdminSource): ReadonlyArray<string> => [
  ...Option.match(config, { onNone: () => [], onSome: (file) => ["--config", file] }),
  ...Option.match(adminUrl, { onNone: () => [], onSome: (url) => ["--admin-url", url] })
]

/** Needs only Restate's admin API: no database, no vault. */
export const StatusServices = ({
  adminUrl,
  config
}: AdminSource): Layer.Layer<
  Invocations | InvocationActions | InvocationDetails | InvocationWatchSettings,
  ConfigProblems,
  FileSystem.FileSystem
> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { builds, restate } = yield* loadRestateAdmin(config, adminUrl)
      const place = yield* commandPlace(optionsOf({ adminUrl, config }))
      return Layer.mergeAll(
        InvocationsHttpLive(restate),
        InvocationActionsHttpLive(restate),
        InvocationDetailsHttpLive(restate),
        Layer.succeed(InvocationWatchSettings, {
          place,
          deadlines: deadlinesOf({ builds })
        })
      )
    })
  )
