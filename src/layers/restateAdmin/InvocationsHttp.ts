import { Array as Arr, Duration, Effect, Layer, Schema } from "effect"
import { type AdminClient, InvocationInfo, invocationColumns, sqlText } from "effect-restate/admin"
import {
  type Invocation,
  type InvocationFailure,
  type InvocationFilter,
  Invocations,
  invocationStatuses
} from "../../operations/Invocations.ts"
import { isoTime } from "../../text/isoTime.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"

/** A query over a hundred thousand invocations takes well under a second. */
const queryTimeout = Duration.seconds(10)

const sqlTime = (millis: number): string => sqlText(isoTime(millis))

const sqlList = (values: ReadonlyArray<string>): string => `(${values.map(sqlText).join(", ")})`

const Status = Schema.Literal(...invocationStatuses)
/** All queries leave out the completed ones. */
const Row = Schema.Struct({ ...InvocationInfo.fields, status: Status })

/** Restate omits null fields. */
const nullable = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

/** A step without a name is internal to the kit. */
const failureOf = (code: string | null, step: string | null): InvocationFailure => ({
  code: code === "" ? null : code,
  step: step === "" ? null : step
})

const invocationOf = (row: typeof Row.Type): Invocation => ({
  id: row.id,
  service: row.service,
  handler: row.handler,
  key: row.key,
  status: row.status,
  createdAt: row.createdAt.getTime(),
  modifiedAt: row.modifiedAt.getTime(),
  dueAt: row.scheduledFor?.getTime() ?? null,
  startedAt: row.startedAt?.getTime() ?? null,
  attemptAt: row.attemptedAt?.getTime() ?? null,
  attempts: row.attempts ?? 0,
  failure: failureOf(row.failureCode, row.failedOperation)
})

const CountRow = Schema.Struct({ service: Schema.String, status: Status, count: Schema.Number })
const HeldUpRow = Schema.Struct({ holder: Schema.String, waiting: Schema.Number })
const FailureRow = Schema.Struct({ id: Schema.String, code: nullable(Schema.String), step: nullable(Schema.String) })

/** The filter of open invocations. */
const matching = ({ id, key, service, status }: InvocationFilter): string =>
  [
    "status <> 'completed'",
    ...(id === undefined ? [] : [`id = ${sqlText(id)}`]),
    ...(status === undefined ? [] : [`status = ${sqlText(status)}`]),
    ...(service === undefined ? [] : [`target_service_name = ${sqlText(service)}`]),
    ...(key === undefined ? [] : [`target_service_key = ${sqlText(key)}`])
  ].join(" AND ")

/** Open since before that time, or scheduled for before it. */
const openBefore = (services: Arr.NonEmptyReadonlyArray<string>, before: number): string =>
  `target_service_name IN ${sqlList(services)}
   AND ((status IN ('running', 'ready', 'backing-off', 'suspended') AND running_at < ${sqlTime(before)})
     OR (status = 'scheduled' AND scheduled_at IS NOT NULL AND scheduled_start_at < ${sqlTime(before)}))`

/** Both tables are partitioned: joining by partition too avoids a full search. */
const selectHeldUp = (before: number, limit: number): string =>
  `SELECT k.invocation_id AS holder, COUNT(*) AS waiting
   FROM sys_invocation_status i JOIN sys_keyed_service_status k ON k.partition_key = i.partition_key
     AND k.service_name = i.target_service_name AND k.service_key = i.target_service_key
   WHERE i.status = 'inboxed' AND i.inboxed_at < ${sqlTime(before)}
   GROUP BY k.invocation_id ORDER BY waiting DESC, holder LIMIT ${Math.trunc(limit)}`

const selectFailures = (ids: Arr.NonEmptyReadonlyArray<string>): string =>
  `SELECT id, json_get_str(event_json, 'last_failure', 'restate_doc_error_code') AS code,
     json_get_str(event_json, 'last_failure', 'related_command_name') AS step
   FROM sys_journal_events WHERE event_type = 'Paused' AND id IN ${sqlList(ids)} ORDER BY appended_at`

const make = (admin: AdminClient) => {
  const ask = <A, I>(operation: string, row: Schema.Schema<A, I>, sql: string) =>
    asked(operation, queryTimeout)(admin.query(sql, row))

  const invocations = (operation: string, condition: string, order: string, limit: number) =>
    Effect.map(
      ask(
        operation,
        Row,
        `SELECT ${invocationColumns} FROM sys_invocation WHERE ${condition} ORDER BY ${order}, id LIMIT ${Math.trunc(limit)}`
      ),
      Arr.map(invocationOf)
    )

  return Invocations.of({
    counts: (filter) =>
      ask(
        "count invocations",
        CountRow,
        `SELECT target_service_name AS service, status, COUNT(*) AS count FROM sys_invocation
         WHERE ${matching(filter)} GROUP BY target_service_name, status`
      ),
    list: (filter, limit) => invocations("list invocations", matching(filter), "created_at", limit),
    paused: (limit) => invocations("list paused invocations", "status = 'paused'", "created_at", limit),
    openSince: (services, before, limit) =>
      Arr.isNonEmptyReadonlyArray(services)
        ? invocations("list old invocations", openBefore(services, before), "created_at", limit)
        : Effect.succeed([]),
    keyHolders: (before, limit) => ask("list held keys", HeldUpRow, selectHeldUp(before, limit)),
    failures: (ids) =>
      Arr.isNonEmptyReadonlyArray(ids)
        ? Effect.map(
            ask("read why invocations are paused", FailureRow, selectFailures(ids)),
            // If paused more than once, the last time counts.
            (rows) => new Map(rows.map(({ code, id, step }) => [id, failureOf(code, step)]))
          )
        : Effect.succeed(new Map())
  })
}

/** Restate's SQL introspection over its admin API. */
export const InvocationsHttpLive = (options: RestateAdminOptions): Layer.Layer<Invocations> =>
  Layer.scoped(Invocations, Effect.map(makeAdminClient(options), make))
