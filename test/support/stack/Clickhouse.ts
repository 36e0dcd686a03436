import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "@effect/platform"
import { Duration, Effect, Either, Schema } from "effect"
import { inject } from "vitest"
import { parseClickhouseAddress } from "../../../src/config/ClickhouseAddress.ts"
import type { ClickhouseOptions } from "../../../src/layers/clickhouse/ClickhouseOptions.ts"

const Answer = Schema.Struct({ url: Schema.String, isServer: Schema.Boolean })

/** The ClickHouse shared by all tests of a run, with all tables; started on first use. */
export const sharedClickhouse = Effect.gen(function* () {
  const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  return yield* Effect.flatMap(
    http.get(`${inject("mySqlServerDesk")}/clickhouse`),
    HttpClientResponse.schemaBodyJson(Answer)
  )
}).pipe(Effect.provide(FetchHttpClient.layer), Effect.orDie)

/** How a layer connects to the address of a test's ClickHouse. */
export const clickhouseOptions = (url: string, requestTimeout = Duration.seconds(20)): ClickhouseOptions => ({
  ...Either.getOrThrowWith(parseClickhouseAddress(url), (problem) => new RangeError(problem)),
  requestTimeout
})

/** The test's own client, for writing other components' rows. */
export const clickhouseClient = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => createClient({ url, log: { level: ClickHouseLogLevel.OFF } })),
    (client) => Effect.promise(() => client.close())
  )

export const insertRows = (
  client: ClickHouseClient,
  table: string,
  values: ReadonlyArray<Readonly<Record<string, unknown>>>
) => Effect.promise(() => client.insert({ table, values: [...values], format: "JSONEachRow" }))
