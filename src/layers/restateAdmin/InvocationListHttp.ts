import { Duration, Effect, Layer, Schema } from "effect"
import { type AdminClient, sqlText } from "effect-restate/admin"
import { type InvocationFilter, InvocationList, type ListedInvocation } from "../../operations/lists/InvocationList.ts"
import { type Page, type PageRequest, pageFrom } from "../../operations/lists/Page.ts"
import { asked, makeAdminClient, type RestateAdminOptions } from "./AdminClient.ts"
import { restateUnavailable } from "./restateUnavailable.ts"
import { TracedInvocation, traced, tracedColumns } from "./tracedInvocation.ts"

/** A query over a hundred thousand invocations takes well under a second. */
const queryTimeout = Duration.seconds(10)
const maxServices = 100

type Row = typeof TracedInvocation.Type
const ServiceRow = Schema.Struct({ service: Schema.String })

const orNull = (text: string | null): string | null => (text === "" ? null : text)

const itemOf = (row: Row): ListedInvocation => ({
  ...traced(row),
  failure:
    row.failureCode === null && row.failedOperation === null
      ? null
      : { code: orNull(row.failureCode), step: orNull(row.failedOperation) }
})

const statusCondition: Readonly<Record<NonNullable<InvocationFilter["status"]>, string>> = {
  open: "status <> 'completed'",
  completed: "status = 'completed'",
  failed: "status = 'completed' AND completion_result = 'failure'",
  paused: "status = 'paused'"
}

const namedCondition = (names: ReadonlyArray<string>): string => {
  const list = `(${names.map(sqlText).join(", ")})`
  return names.length === 0 ? "FALSE" : `(id IN ${list} OR target_service_key IN ${list})`
}

/** `2026-12-01T03:00:00.123Z~inv_…`: the time and the id of the last row of a page. */
const cursor = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)~(inv_[0-9A-Za-z]{10,60})$/

const olderThan = (after: string | undefined): ReadonlyArray<string> => {
  if (after === undefined) return []
  const [, at, id] = cursor.exec(after) ?? []
  if (at === undefined || id === undefined) return ["FALSE"]
  return [`(created_at < ${sqlText(at)} OR (created_at = ${sqlText(at)} AND id < ${sqlText(id)}))`]
}

const conditionOf = ({ named, service, status }: InvocationFilter, { after }: PageRequest): string =>
  [
    "TRUE",
    ...(status === undefined ? [] : [statusCondition[status]]),
    ...(service === undefined ? [] : [`target_service_name = ${sqlText(service)}`]),
    ...(named === undefined ? [] : [namedCondition(named)]),
    ...olderThan(after)
  ].join(" AND ")

const make = (admin: AdminClient) => {
  const ask = <A, I>(operation: string, row: Schema.Schema<A, I>, sql: string) =>
    Effect.mapError(asked(operation, queryTimeout)(admin.query(sql, row)), restateUnavailable)
  return InvocationList.of({
    page: (filter, request) =>
      Effect.map(
        ask(
          "list invocations",
          TracedInvocation,
          `SELECT ${tracedColumns}
           FROM sys_invocation WHERE ${conditionOf(filter, request)}
           ORDER BY created_at DESC, id DESC LIMIT ${Math.trunc(request.limit) + 1}`
        ),
        (rows): Page<ListedInvocation> => {
          const { items, next } = pageFrom(
            rows,
            request.limit,
            ({ createdAt, id }) => `${createdAt.toISOString()}~${id}`
          )
          return { items: items.map(itemOf), next }
        }
      ),
    services: Effect.map(
      ask(
        "list services",
        ServiceRow,
        `SELECT DISTINCT target_service_name AS service FROM sys_invocation ORDER BY service LIMIT ${maxServices}`
      ),
      (rows) => rows.map(({ service }) => service)
    )
  })
}

/** Restate's SQL introspection over its admin API. */
export const InvocationListHttpLive = (options: RestateAdminOptions): Layer.Layer<InvocationList> =>
  Layer.scoped(InvocationList, Effect.map(makeAdminClient(options), make))
