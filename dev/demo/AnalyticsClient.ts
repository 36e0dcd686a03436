import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client"
import { Effect, Redacted } from "effect"
import { StoryFailed } from "./StoryFailed.ts"

interface Login {
  readonly user: string
  readonly password: Redacted.Redacted
}

/** A connection to the stack's ClickHouse, as the user in the URL or another one. */
export const analyticsClient = (url: string, login?: Login) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      createClient({
        url,
        log: { level: ClickHouseLogLevel.OFF },
        ...(login === undefined ? {} : { username: login.user, password: Redacted.value(login.password) })
      })
    ),
    (client) => Effect.promise(() => client.close())
  )

/** Reports a ClickHouse error by its code only; its text may quote the statement. */
const failed = (action: string) => (error: unknown) =>
  new StoryFailed({ action, problem: error instanceof ClickHouseError ? `code ${error.code}` : "no answer" })

export const insertRows = (
  client: ClickHouseClient,
  table: string,
  values: ReadonlyArray<Readonly<Record<string, unknown>>>
) =>
  Effect.tryPromise({
    try: () => client.insert({ table, values: [...values], format: "JSONEachRow" }),
    catch: failed(`insert into ${table}`)
  })

export const execute = (client: ClickHouseClient, query: string) =>
  Effect.tryPromise({ try: () => client.command({ query }), catch: failed(query) })

/** The first column of every row. */
export const firstColumn = (client: ClickHouseClient, query: string) =>
  Effect.tryPromise({
    try: async () => {
      const rows = await (await client.query({ query, format: "JSONCompactEachRow" })).json<ReadonlyArray<unknown>>()
      return rows.map(([value]) => String(value))
    },
    catch: failed(query)
  })

/** The server's error code, or 0 on success. */
export const refusalCode = (client: ClickHouseClient, query: string) =>
  Effect.match(firstColumn(client, query), {
    onSuccess: () => 0,
    onFailure: ({ problem }) => Number(/^code (\d+)$/.exec(problem)?.[1] ?? -1)
  })
