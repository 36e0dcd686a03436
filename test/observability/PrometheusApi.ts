import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Effect, Schema } from "effect"

const Answer = Schema.Struct({
  status: Schema.String,
  error: Schema.optional(Schema.String),
  data: Schema.optional(Schema.Struct({ resultType: Schema.String, result: Schema.Array(Schema.Unknown) }))
})
const Names = Schema.Struct({ data: Schema.Array(Schema.String) })
const RuleStates = Schema.Struct({
  data: Schema.Struct({
    groups: Schema.Array(
      Schema.Struct({
        rules: Schema.Array(
          Schema.Struct({ name: Schema.String, health: Schema.String, lastError: Schema.optional(Schema.String) })
        )
      })
    )
  })
})

/** What a Prometheus answers. A query it refuses is an answer too. */
export const prometheusApi = (address: string) => {
  const ask = <A, I>(path: string, schema: Schema.Schema<A, I>) =>
    Effect.flatMap(HttpClient.HttpClient, (http) =>
      http.execute(HttpClientRequest.get(`${address}/api/v1/${path}`))
    ).pipe(
      Effect.flatMap(HttpClientResponse.schemaBodyJson(schema)),
      Effect.provide(FetchHttpClient.layer),
      Effect.orDie
    )
  const query = (path: string) =>
    Effect.map(ask(path, Answer), ({ data, error }) => ({ error, series: data?.result ?? [] }))
  return {
    instant: (expr: string) => query(`query?query=${encodeURIComponent(expr)}`),
    /** Over the given span of seconds, until the given Unix second. */
    range: (expr: string, until: number, seconds: number) =>
      query(
        `query_range?query=${encodeURIComponent(expr)}&start=${until - seconds}&end=${until}&step=${Math.max(1, Math.floor(seconds / 60))}`
      ),
    metricNames: Effect.map(ask("label/__name__/values", Names), ({ data }) => data),
    rules: Effect.map(ask("rules", RuleStates), ({ data }) => data.groups.flatMap((group) => group.rules))
  }
}
