import { Duration, Layer, Option } from "effect"
import type { WorkerConfig, WorkerConfigShape } from "../config.ts"
import type { ConsoleServices, DatabaseSources, RestateSources } from "../console/server/ConsoleServices.ts"
import { BuildLogLive } from "../layers/clickhouse/BuildLogLive.ts"
import { BuildLogPagesLive } from "../layers/clickhouse/BuildLogPagesLive.ts"
import { ClickhouseClientLive } from "../layers/clickhouse/ClickhouseClient.ts"
import { BuildListLive } from "../layers/mysql/BuildListLive.ts"
import { BuildRecordsLive } from "../layers/mysql/BuildRecordsLive.ts"
import { CertificateListLive } from "../layers/mysql/CertificateListLive.ts"
import { DeploymentListLive } from "../layers/mysql/DeploymentListLive.ts"
import { DeploymentRecordsLive } from "../layers/mysql/DeploymentRecordsLive.ts"
import { DomainListLive } from "../layers/mysql/DomainListLive.ts"
import { DomainRecordsLive } from "../layers/mysql/DomainRecordsLive.ts"
import { MysqlPoolOnDemand } from "../layers/mysql/MysqlPools.ts"
import { BuildSlotsHttpLive } from "../layers/restateAdmin/BuildSlotsHttp.ts"
import { InvocationActionsHttpLive } from "../layers/restateAdmin/InvocationActionsHttp.ts"
import { InvocationDetailsHttpLive } from "../layers/restateAdmin/InvocationDetailsHttp.ts"
import { InvocationJournalHttpLive } from "../layers/restateAdmin/InvocationJournalHttp.ts"
import { InvocationListHttpLive } from "../layers/restateAdmin/InvocationListHttp.ts"
import { buildIdsOf } from "../workflows/deploy/build/builtImage.ts"
import { clickhouseAt } from "./clickhouse.ts"
import { poolOptions } from "./database.ts"
import { fromConfig } from "./fromConfig.ts"

/** A statement that takes longer is given up with its connection. */
const statementTimeout = Duration.seconds(5)
const maxConnections = 2
const maxWaiting = 16

/** Connections of its own, to the replica if there is one: the console takes none from the workflows. */
const database = ({ database }: WorkerConfigShape): Layer.Layer<DatabaseSources> => {
  const address = Option.getOrElse(database.readonlyReplica, () => database.primary)
  return Layer.mergeAll(
    BuildListLive(buildIdsOf),
    BuildRecordsLive(buildIdsOf),
    CertificateListLive,
    DeploymentListLive,
    DeploymentRecordsLive,
    DomainListLive,
    DomainRecordsLive
  ).pipe(
    Layer.provide(
      MysqlPoolOnDemand({
        ...poolOptions(address, maxConnections, database),
        maxWaiting,
        connectTimeout: statementTimeout,
        statementTimeout
      })
    )
  )
}

const restate = ({ restate }: WorkerConfigShape): Layer.Layer<RestateSources> =>
  Layer.mergeAll(
    BuildSlotsHttpLive(restate),
    InvocationActionsHttpLive(restate),
    InvocationDetailsHttpLive(restate),
    InvocationJournalHttpLive(restate),
    InvocationListHttpLive(restate)
  )

/** What the console reads from: no connection is opened before the first read. */
export const ConsoleSources: Layer.Layer<ConsoleServices, never, WorkerConfig> = fromConfig((config) =>
  Layer.mergeAll(
    database(config),
    restate(config),
    Layer.provide(
      Layer.merge(BuildLogLive, BuildLogPagesLive),
      ClickhouseClientLive(clickhouseAt(config, config.clickhouse.url))
    )
  )
)
