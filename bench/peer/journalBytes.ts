import { Effect, Schema } from "effect"
import { RestateAdmin } from "effect-restate/admin"

/** Without journals there is no sum, and Restate leaves out columns that are null. */
const Row = Schema.Struct({ bytes: Schema.optional(Schema.Number) })

/** Bytes of all journals that a Restate server keeps, as it stores their entries. */
export const journalBytes = (admin: string): Effect.Effect<number> =>
  Effect.flatMap(RestateAdmin, (client) =>
    client.query("SELECT SUM(LENGTH(ENCODE(raw, 'hex'))) / 2 AS bytes FROM sys_journal", Row)
  ).pipe(
    Effect.map(([row]) => row?.bytes ?? 0),
    Effect.orDie,
    Effect.provide(RestateAdmin.layer({ url: admin }))
  )
