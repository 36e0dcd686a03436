import { SourceUnavailable } from "../../operations/SourceUnavailable.ts"
import type { DbFailure } from "../../services/Db.ts"

/** A failed read for operators. A failure of the database holds no statement and no parameter. */
export const databaseUnavailable = (failure: DbFailure): SourceUnavailable =>
  new SourceUnavailable({ source: "database", reason: failure.message })
