import { Effect, Layer, Redacted, Schema } from "effect"
import { ClickhouseUsers } from "../../services/clickhouseUser/ClickhouseUsers.ts"
import { connectClickhouse } from "./ClickhouseConnection.ts"
import type { ClickhouseOptions } from "./ClickhouseOptions.ts"
import { statementOf, takesPassword } from "./userStatements.ts"

/**
 * Needs an admin user that may create, alter and drop users, quotas, row policies and settings profiles, and has SELECT on
 * `default.*` WITH GRANT OPTION. Requests contain the password: outside of a trusted network the connection must use https.
 */
export const ClickhouseUsersLive = (options: ClickhouseOptions): Layer.Layer<ClickhouseUsers> =>
  Layer.scoped(
    ClickhouseUsers,
    Effect.map(connectClickhouse(options), (clickhouse) =>
      ClickhouseUsers.of({
        apply: (operation, password) =>
          clickhouse.command(
            operation._tag,
            statementOf(operation),
            takesPassword(operation) ? { password: Redacted.value(password) } : {}
          ),
        check: Effect.asVoid(
          clickhouse.select("check", "SELECT 1 AS one", {}, Schema.Struct({ one: Schema.Literal(1) }))
        )
      })
    )
  )
