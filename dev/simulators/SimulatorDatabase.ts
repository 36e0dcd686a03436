import type { SqlClient } from "@effect/sql/SqlClient"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { Layer, Redacted } from "effect"

/**
 * The neighbours' own connections to the shared database, given as a `mysql://` address. Whoever plays a neighbour has
 * just started that database, so one that does not answer is a defect.
 */
export const simulatorDatabase = (url: string): Layer.Layer<SqlClient> =>
  Layer.orDie(MysqlClient.layer({ url: Redacted.make(url), maxConnections: 4 }))
