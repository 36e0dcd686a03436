import { Duration } from "effect"
import { duration, integer, matching } from "../kinds.ts"
import { mysqlAddress } from "../MysqlAddress.ts"
import { optional, required, withDefault } from "../Setting.ts"

const poolSize = integer({ min: 1, max: 1000 })

/** MySQL. */
export const database = {
  primary: required(mysqlAddress, "The primary server, for writes and for reads on which a write depends."),
  readonlyReplica: optional(mysqlAddress, "A replica, for reads on which no write depends."),
  poolSize: withDefault(poolSize, 25, "The maximum number of connections to the primary."),
  replicaPoolSize: withDefault(poolSize, 25, "The maximum number of connections to the replica."),
  connectionLifetime: withDefault(
    duration({ min: Duration.zero, max: Duration.days(1) }),
    Duration.minutes(5),
    "The maximum age of a connection. An older connection is replaced once it is idle, so that changes of DNS or of a proxy take effect."
  ),
  ownDatabase: optional(
    matching(/^[0-9A-Za-z_-]{1,64}$/, "the name of a database, of letters, digits, _ and -"),
    "The database for the worker's own tables, on the primary server. It has to exist. Default: the database of Unkey's tables."
  ),
  migrate: withDefault(
    matching(/^(auto|off)$/, "auto or off"),
    "auto",
    "`auto`: the worker applies pending migrations when it starts. `off`: it does not start with pending migrations; `migrate --apply` applies them. Without pending migrations it runs no DDL in either mode."
  )
}
