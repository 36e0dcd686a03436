import { Schema } from "effect"
import { Contract } from "effect-restate"
import { CredentialsUnreadable, DatabaseRefused, InvalidRequest, NotFound } from "./errors.ts"
import { message } from "./protojson.ts"
import { int32, int64 } from "./scalars.ts"

/**
 * Gives a workspace its own read-only login to the analytics database. The key is the workspace id. Idempotent:
 * repeating it applies the limits and repairs drift; the password stays.
 */
export const ClickhouseUserService = Contract.object("hydra.v1.ClickhouseUserService", {
  ConfigureUser: {
    /** A limit that is absent, zero or negative means its default: see `src/workflows/clickhouseUser/planUser.ts`. */
    input: message("hydra.v1.ConfigureUserRequest", {
      quotaDurationSeconds: int32,
      maxQueriesPerWindow: int32,
      maxExecutionTimePerWindow: int32,
      maxQueryExecutionTime: int32,
      maxQueryMemoryBytes: int64,
      maxQueryResultRows: int32
    }),
    output: message("hydra.v1.ConfigureUserResponse", {}),
    error: Schema.Union(InvalidRequest, NotFound, CredentialsUnreadable, DatabaseRefused)
  }
})
