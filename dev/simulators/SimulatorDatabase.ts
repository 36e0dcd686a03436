import type { SqlClient } from "@effect/sql/SqlClient"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { Layer, Redacted } from "effect"

/**
 * Connections of simulated services to the shared database at a `mysql://` address. The caller has just started that database,
 * so an unreachable one is a defect.
 */
export const simulatorDatabase = (url: string): Layer.Layer<SqlClient> =>
  Layer.orDie(MysqlClient.layer({ url: Redacted.make(url), maxConnections: 4 }))
