import { Duration, Effect, Layer, Option, Schema } from "effect"
import { type AdminClient, sqlText } from "effect-restate/admin"
import { type AttemptFailure, type InvocationDetail, InvocationDetails } from "../../operations/InvocationDetails.ts"
import { decideWait, type JournalTail, lastStepOf } from "../../operations/InvocationWait.ts"
import { shortened } from "../../text/codePoints.ts"
import { isoTime } from "../../text/isoTime.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"
import { JournalRow, journalTailOf } from "./journalTail.ts"
import { restateUnavailable } from "./restateUnavailable.ts"
import { nullable, TracedInvocation, traced, tracedColumns } from "./tracedInvocation.ts"

const queryTimeout = Duration.seconds(10)

/** Polls journal two commands and two notifications each: the end of a journal says what it waits for. */
const readEntries = 60
/** Invocations whose input is searched. */
const searched = 200
const found = 5
const longestReason = 512
/** Restate refuses a query for any other text. */
const invocationId = /^inv_[0-9A-Za-z]{10,60}$/

const Row = Schema.Struct({
  ...TracedInvocation.fields,
  failureText: nullable(Schema.String)
})
const PausedRow = Schema.Struct({
  code: nullable(Schema.String),
  step: nullable(Schema.String),
  text: nullable(Schema.String)
})
const IdRow = Schema.Struct({ id: Schema.String })

/** `sys_invocation.last_failure` is `[500 Internal] `, the message and the stack; the kit's errors repeat their message there. */
const messageOf = (text: string): string => {
  const quoted = text.replace(/^\[[^\]]{1,40}\] /, "")
  const half = (quoted.length - 1) / 2
  return quoted.slice(0, half) === quoted.slice(half + 1) ? quoted.slice(0, half) : quoted
}

/**
 * The kit starts the message of a failed step with its name, and quotes only errors that are declared with a schema after it:
 * of anything else it names the class. Any other text is not quoted.
 */
const reasonOf = (step: string | null, text: string | null): string | null => {
  if (step === null || step === "" || text === null) return null
  const message = messageOf(text)
  const opening = `step ${step}: `
  return message.startsWith(opening) ? shortened(message.slice(opening.length), longestReason) : null
}

const failureOf = (code: string | null, step: string | null, text: string | null): AttemptFailure | null =>
  code === null && step === null
    ? null
    : { code: code === "" ? null : code, step: step === "" ? null : step, reason: reasonOf(step, text) }

const detailOf = (row: typeof Row.Type, tail: JournalTail, paused: AttemptFailure | null): InvocationDetail => ({
  ...traced(row),
  failure: paused ?? failureOf(row.failureCode, row.failedOperation, row.failureText),
  lastStep: lastStepOf(tail),
  waitsFor: row.status === "completed" ? null : decideWait(tail)
})

/** The hexadecimal form of a JSON string in UTF-8, as `encode(raw, 'hex')` of an input contains it. */
const hexOfJson = (text: string): string =>
  [...new TextEncoder().encode(JSON.stringify(text))].map((byte) => byte.toString(16).padStart(2, "0")).join("")

const sqlList = (values: ReadonlyArray<string>): string => `(${values.map(sqlText).join(", ")})`

const ask =
  (admin: AdminClient) =>
  <A, I>(operation: string, row: Schema.Schema<A, I>, sql: string) =>
    Effect.mapError(asked(operation, queryTimeout)(admin.query(sql, row)), restateUnavailable)

type Ask = ReturnType<typeof ask>

const ids = (read: Ask, operation: string, sql: string) =>
  Effect.map(read(operation, IdRow, sql), (rows) => rows.map(({ id }) => id))

const journalTail = (read: Ask, id: string) =>
  Effect.map(
    read(
      "read the end of a journal",
      JournalRow,
      `SELECT entry_type AS kind, entry_lite_json AS entry FROM sys_journal
       WHERE id = ${sqlText(id)} ORDER BY index DESC LIMIT ${readEntries}`
    ),
    journalTailOf
  )

const pausedBy = (read: Ask, id: string) =>
  Effect.map(
    read(
      "read why an invocation is paused",
      PausedRow,
      `SELECT json_get_str(event_json, 'last_failure', 'restate_doc_error_code') AS code,
         json_get_str(event_json, 'last_failure', 'related_command_name') AS step,
         json_get_str(event_json, 'last_failure', 'error_message') AS text
       FROM sys_journal_events WHERE id = ${sqlText(id)} AND event_type = 'Paused' ORDER BY appended_at DESC LIMIT 1`
    ),
    ([row]) => (row === undefined ? null : failureOf(row.code, row.step, row.text))
  )

const detail = (read: Ask, id: string) =>
  Effect.gen(function* () {
    if (!invocationId.test(id)) return Option.none()
    const [row] = yield* read(
      "read an invocation",
      Row,
      `SELECT ${tracedColumns}, last_failure AS "failureText"
       FROM sys_invocation WHERE id = ${sqlText(id)}`
    )
    if (row === undefined) return Option.none()
    const tail = yield* journalTail(read, id)
    return Option.some(detailOf(row, tail, row.status === "paused" ? yield* pausedBy(read, id) : null))
  })

type InputQuery = Parameters<InvocationDetails["Type"]["withInput"]>[0]

/** Candidates by service, handler and time; their inputs are compared where they are. */
const withInput = (read: Ask, { handler, id, keys, service, since }: InputQuery) =>
  Effect.gen(function* () {
    const candidates = yield* ids(
      read,
      "list invocations of a handler",
      `SELECT id FROM sys_invocation WHERE target_service_name = ${sqlText(service)}
       AND target_handler_name = ${sqlText(handler)} AND created_at >= ${sqlText(isoTime(since))}
       ORDER BY CASE WHEN target_service_key IN ${sqlList(keys)} THEN 0 ELSE 1 END,
         CASE WHEN status = 'completed' THEN 1 ELSE 0 END, created_at DESC LIMIT ${searched}`
    )
    if (candidates.length === 0) return []
    const matching = yield* ids(
      read,
      "search inputs",
      `SELECT id FROM sys_journal WHERE id IN ${sqlList(candidates)} AND index = 0
       AND encode(raw, 'hex') LIKE '%${hexOfJson(id)}%'`
    )
    return candidates.filter((candidate) => matching.includes(candidate)).slice(0, found)
  })

const make = (admin: AdminClient) => {
  const read = ask(admin)
  return InvocationDetails.of({
    of: (id) => detail(read, id),
    withInput: (query) => withInput(read, query),
    ofKeys: ({ keys, limit, service }) =>
      ids(
        read,
        "list invocations of keys",
        `SELECT id FROM sys_invocation WHERE target_service_name = ${sqlText(service)}
         AND target_service_key IN ${sqlList(keys)}
         ORDER BY CASE WHEN status = 'completed' THEN 1 ELSE 0 END, created_at DESC LIMIT ${Math.trunc(limit)}`
      )
  })
}

/** Restate's SQL introspection over its admin API. */
export const InvocationDetailsHttpLive = (options: RestateAdminOptions): Layer.Layer<InvocationDetails> =>
  Layer.scoped(InvocationDetails, Effect.map(makeAdminClient(options), make))
