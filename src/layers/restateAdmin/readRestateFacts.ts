import { Duration, Effect, Schema } from "effect"
import type { AdminClient } from "effect-restate/admin"
import type { RestateFacts } from "../../operations/BackupFacts.ts"
import type { RestateAdminError } from "../../operations/RestateAdmin.ts"
import { asked } from "./AdminClient.ts"

// Counting scans every invocation that Restate retains.
const countTimeout = Duration.seconds(30)
const queryTimeout = Duration.seconds(10)

const Open = Schema.Struct({ open: Schema.Number })
const Now = Schema.Struct({ now: Schema.String })

export const readRestateFacts = (admin: AdminClient): Effect.Effect<RestateFacts, RestateAdminError> =>
  Effect.gen(function* () {
    const version = yield* asked("version", queryTimeout)(admin.version)
    const [counted] = yield* asked(
      "count open",
      countTimeout
    )(admin.query("SELECT COUNT(*) AS open FROM sys_invocation WHERE status <> 'completed'", Open))
    return { version, openInvocations: counted?.open ?? 0 }
  })

/** DataFusion writes its clock, which is in UTC, without a time zone. */
const millisOf = (text: string): number => Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)

/** The server's clock, in Unix milliseconds. */
export const readRestateClock = (admin: AdminClient): Effect.Effect<number, RestateAdminError> =>
  Effect.map(asked("read clock", queryTimeout)(admin.query("SELECT now() AS now", Now)), ([row]) =>
    millisOf(row?.now ?? "")
  )
