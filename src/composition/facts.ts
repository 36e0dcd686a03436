import type { FileSystem } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import type { ConfigProblems } from "../config/ConfigProblems.ts"
import { loadFactSources } from "../config/restateAdmin.ts"
import { DeploymentRecordsLive } from "../layers/mysql/DeploymentRecordsLive.ts"
import { DomainRecordsLive } from "../layers/mysql/DomainRecordsLive.ts"
import { MysqlPoolOnDemand } from "../layers/mysql/MysqlPools.ts"
import { InvocationDetailsHttpLive } from "../layers/restateAdmin/InvocationDetailsHttp.ts"
import { CurrentCommandPlace } from "../operations/commandLineFor.ts"
import { DeploymentRecords } from "../operations/deploy/DeploymentRecords.ts"
import { DomainRecords } from "../operations/domain/DomainRecords.ts"
import type { InvocationDetails } from "../operations/InvocationDetails.ts"
import { SourceUnavailable } from "../operations/SourceUnavailable.ts"
import { commandPlace } from "./commandPlace.ts"
import { poolOptions } from "./database.ts"
import { type AdminSource, optionsOf } from "./status.ts"

const notConfigured = new SourceUnavailable({ source: "database", reason: "database.primary is not set" })

const NoDatabase = Layer.merge(
  Layer.succeed(DeploymentRecords, { find: () => notConfigured }),
  Layer.succeed(DomainRecords, { find: () => notConfigured })
)

const Records = Layer.merge(DeploymentRecordsLive, DomainRecordsLive)

/** What the commands that show facts read from. A source that does not answer fails each read, not the layer. */
export const FactSources = ({
  adminUrl,
  config
}: AdminSource): Layer.Layer<
  CurrentCommandPlace | DeploymentRecords | DomainRecords | InvocationDetails,
  ConfigProblems,
  FileSystem.FileSystem
> =>
  Layer.unwrapEffect(
    Effect.map(loadFactSources(config, adminUrl), ({ database, restate }) =>
      Layer.mergeAll(
        Layer.effect(CurrentCommandPlace, commandPlace(optionsOf({ adminUrl, config }))),
        InvocationDetailsHttpLive(restate),
        Option.match(database.primary, {
          onNone: () => NoDatabase,
          onSome: (primary) => Layer.provide(Records, MysqlPoolOnDemand(poolOptions(primary, 2, database)))
        })
      )
    )
  )
