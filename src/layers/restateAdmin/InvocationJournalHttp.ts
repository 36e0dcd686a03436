import { Duration, Effect, Layer } from "effect"
import { sqlText } from "effect-restate/admin"
import { condenseJournal } from "../../operations/condenseJournal.ts"
import { InvocationJournal, type Journal } from "../../operations/InvocationJournal.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"
import { JournalRow, journalOf } from "./journalTail.ts"
import { restateUnavailable } from "./restateUnavailable.ts"

const queryTimeout = Duration.seconds(10)

/** A deploy that polls every second for a quarter of an hour has a few thousand; its last ones say what it does. */
const maxRows = 2000
const invocationId = /^inv_[0-9A-Za-z]{10,60}$/

const nothing: Journal = { entries: [], isCut: false }

/** Restate's SQL introspection over its admin API. */
export const InvocationJournalHttpLive = (options: RestateAdminOptions): Layer.Layer<InvocationJournal> =>
  Layer.scoped(
    InvocationJournal,
    Effect.map(makeAdminClient(options), (admin) =>
      InvocationJournal.of({
        of: (id) =>
          invocationId.test(id)
            ? admin
                .query(
                  `SELECT entry_type AS kind, entry_lite_json AS entry, appended_at AS at FROM sys_journal
                   WHERE id = ${sqlText(id)} ORDER BY index DESC LIMIT ${maxRows}`,
                  JournalRow
                )
                .pipe(
                  asked("read a journal", queryTimeout),
                  Effect.mapBoth({
                    onFailure: restateUnavailable,
                    onSuccess: (rows): Journal => ({
                      entries: condenseJournal(journalOf(rows.toReversed())),
                      isCut: rows.length === maxRows
                    })
                  })
                )
            : Effect.succeed(nothing)
      })
    )
  )
