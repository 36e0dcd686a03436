import { randomUUID } from "node:crypto"
import { formatQueryParams } from "@clickhouse/client/dist/common/data_formatter/format_query_params.js"
import { buildMultipartBody } from "@clickhouse/client/dist/common/utils/multipart.js"
import { HttpClientRequest } from "@effect/platform"
import { Redacted } from "effect"
import type { ClickhouseOptions, Parameters } from "./ClickhouseOptions.ts"

/**
 * The server buffers its response (`wait_end_of_query`), so that an error during execution is not a truncated result. No
 * setting is sent: a user with `readonly = 1` may change none.
 */
const post = ({ database, password, url, user }: ClickhouseOptions, query?: string) =>
  HttpClientRequest.post(url).pipe(
    HttpClientRequest.setUrlParams({ database, wait_end_of_query: "1", ...(query !== undefined && { query }) }),
    HttpClientRequest.basicAuth(user, Redacted.value(password)),
    HttpClientRequest.setHeader("user-agent", "control-plane-worker")
  )

/** Sends statement and values as a form, so that long values are not part of the URL. */
export const statementRequest = (
  options: ClickhouseOptions,
  statement: string,
  parameters: Parameters
): HttpClientRequest.HttpClientRequest => {
  const values = Object.entries(parameters)
  if (values.length === 0) return HttpClientRequest.bodyText(post(options), statement)
  const boundary = randomUUID()
  const parts = values.map(([name, value]) => [`param_${name}`, formatQueryParams({ value })] as const)
  return post(options).pipe(
    HttpClientRequest.bodyText(
      buildMultipartBody({ query: statement, ...Object.fromEntries(parts) }, boundary),
      `multipart/form-data; boundary=${boundary}`
    )
  )
}

/** Rows as JSON objects, one per line. */
export const insertRequest = (
  options: ClickhouseOptions,
  table: string,
  rows: ReadonlyArray<object>
): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.bodyText(
    post(options, `INSERT INTO ${table} FORMAT JSONEachRow`),
    rows.map((row) => `${JSON.stringify(row)}\n`).join("")
  )
