import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client"
import { Effect } from "effect"

/** Limits of a user, each with values beyond it. 0 is unlimited. */
export const raisedLimits: ReadonlyArray<readonly [setting: string, value: string]> = [
  ["max_execution_time", "66"],
  ["max_execution_time", "0"],
  ["max_execution_time", "0.5"],
  ["max_memory_usage", "0"],
  ["max_memory_usage", "1000000001"],
  ["max_result_rows", "0"],
  ["max_result_rows", "10000001"],
  ["max_result_bytes", "0"],
  ["result_overflow_mode", "break"],
  ["max_ast_depth", "1000"],
  ["max_ast_elements", "50000"],
  ["readonly", "0"],
  ["readonly", "2"]
]

/** Settings that would bypass a limit of ours or of the server. */
export const otherSettings: ReadonlyArray<readonly [setting: string, value: string]> = [
  ["timeout_overflow_mode", "break"],
  ["max_threads", "64"],
  ["max_subquery_depth", "1000"],
  ["max_expanded_ast_elements", "5000000"],
  ["max_query_size", "100000000"],
  ["max_memory_usage_for_user", "1"],
  ["max_bytes_before_external_group_by", "100000000000"],
  ["use_query_cache", "1"],
  ["log_queries", "0"],
  ["priority", "1"]
]

const literal = (value: string): string => (/^[\d.]+$/.test(value) ? value : `'${value}'`)

/** "accepted", or the server's error code. */
const outcome = (request: () => Promise<unknown>) =>
  Effect.promise(() =>
    request().then(
      () => "accepted",
      (error: unknown) => (error instanceof ClickHouseError ? error.code : String(error))
    )
  )

const query = "SELECT 1"

/** The ways in which a user can set a setting. */
export const askings: Readonly<
  Record<string, (client: ClickHouseClient, setting: string, value: string) => Effect.Effect<string>>
> = {
  "beside the query": (client, setting, value) =>
    outcome(async () => (await client.query({ query, clickhouse_settings: { [setting]: value } })).text()),
  "in the query": (client, setting, value) =>
    outcome(async () => (await client.query({ query: `${query} SETTINGS ${setting} = ${literal(value)}` })).text()),
  "with other settings": (client, setting, value) =>
    outcome(async () =>
      (
        await client.query({ query: `${query} SETTINGS max_execution_time = 20, ${setting} = ${literal(value)}` })
      ).text()
    ),
  "by SET": (client, setting, value) => outcome(() => client.command({ query: `SET ${setting} = ${literal(value)}` }))
}
