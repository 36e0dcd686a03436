import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Schema } from "effect"

const Answer = Schema.parseJson(Schema.Struct({ rows: Schema.Tuple(Schema.Struct({ n: Schema.Number })) }))

/** Invocations that are neither over nor waiting for a time of theirs; at least one while the admin API does not answer. */
export const unfinishedAt = (admin: string) =>
  HttpClientRequest.post(`${admin}/query`).pipe(
    HttpClientRequest.acceptJson,
    HttpClientRequest.bodyUnsafeJson({
      query: "SELECT COUNT(*) AS n FROM sys_invocation WHERE status NOT IN ('completed', 'scheduled')"
    }),
    (request) => Effect.flatMap(HttpClient.HttpClient, (http) => HttpClient.filterStatusOk(http).execute(request)),
    Effect.flatMap((response) => response.text),
    Effect.flatMap(Schema.decode(Answer)),
    Effect.map(({ rows: [{ n }] }) => n),
    // While it cannot be asked, something is not over yet.
    Effect.orElseSucceed(() => 1),
    Effect.provide(FetchHttpClient.layer)
  )
