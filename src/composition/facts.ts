import type { FileSystem } from "@effect/platform"
import { Effect, Layer, Option } from "effect"
import type { ConfigProblems } from "../config/ConfigProblems.ts"
import { loadFactSources } from "../config/restateAdmin.ts"
import { BuildLogLive } from "../layers/clickhouse/BuildLogLive.ts"
import { ClickhouseClientLive } from "../layers/clickhouse/ClickhouseClient.ts"
import { BuildRecordsLive } from "../layers/mysql/BuildRecordsLive.ts"
import { DeploymentRecordsLive } from "../layers/mysql/DeploymentRecordsLive.ts"
import { DomainRecordsLive } from "../layers/mysql/DomainRecordsLive.ts"
import { MysqlPoolOnDemand } from "../layers/mysql/MysqlPools.ts"
import { BuildSlotsHttpLive } from "../layers/restateAdmin/BuildSlotsHttp.ts"
import { InvocationDetailsHttpLive } from "../layers/restateAdmin/InvocationDetailsHttp.ts"
import type { BuildLog } from "../operations/build/BuildLog.ts"
import { BuildRecords } from "../operations/build/BuildRecords.ts"
import type { BuildSlots } from "../operations/build/BuildSlots.ts"
import { CurrentCommandPlace } from "../operations/commandLineFor.ts"
import { DeploymentRecords } from "../operations/deploy/DeploymentRecords.ts"
import { DomainRecords } from "../operations/domain/DomainRecords.ts"
import type { InvocationDetails } from "../operations/InvocationDetails.ts"
import { SourceUnavailable } from "../operations/SourceUnavailable.ts"
import { buildIdsOf } from "../workflows/deploy/build/builtImage.ts"
import { clickhouseAt } from "./clickhouse.ts"
import { commandPlace } from "./commandPlace.ts"
import { poolOptions } from "./database.ts"
import { type AdminSource, optionsOf } from "./status.ts"

const notConfigured = new SourceUnavailable({ source: "database", reason: "database.primary is not set" })

const NoDatabase = Layer.mergeAll(
  Layer.succeed(BuildRecords, { find: () => notConfigured }),
  Layer.succeed(DeploymentRecords, { find: () => notConfigured }),
  Layer.succeed(DomainRecords, { find: () => notConfigured })
)

const Records = Layer.mergeAll(BuildRecordsLive(buildIdsOf), DeploymentRecordsLive, DomainRecordsLive)

/** What the commands that show facts read from. A source that does not answer fails each read, not the layer. */
export const FactSources = ({
  adminUrl,
  config
}: AdminSource): Layer.Layer<
  BuildLog | BuildRecords | BuildSlots | CurrentCommandPlace | DeploymentRecords | DomainRecords | InvocationDetails,
  ConfigProblems,
  FileSystem.FileSystem
> =>
  Layer.unwrapEffect(
    Effect.map(loadFactSources(config, adminUrl), ({ clickhouse, database, restate }) =>
      Layer.mergeAll(
        Layer.effect(CurrentCommandPlace, commandPlace(optionsOf({ adminUrl, config }))),
        InvocationDetailsHttpLive(restate),
        BuildSlotsHttpLive(restate),
        Layer.provide(BuildLogLive, ClickhouseClientLive(clickhouseAt({ clickhouse }, clickhouse.url))),
        Option.match(database.primary, {
          onNone: () => NoDatabase,
          onSome: (primary) => Layer.provide(Records, MysqlPoolOnDemand(poolOptions(primary, 2, database)))
        })
      )
    )
  )
