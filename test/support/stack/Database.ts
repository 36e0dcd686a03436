import { randomBytes } from "node:crypto"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "@effect/platform"
import { type Context, Effect, Schema } from "effect"
import { inject } from "vitest"
import { type MySqlServer, mySqlServerAt } from "../../../dev/stack/MySqlServer.ts"

const Answer = Schema.Struct({ adminUrl: Schema.String, source: Schema.String })

/** The MySQL server shared by all tests of a run; started on first use. */
export const sharedMySqlServer = Effect.gen(function* () {
  const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  const answer = yield* Effect.flatMap(
    http.get(`${inject("mySqlServerDesk")}/mysql`),
    HttpClientResponse.schemaBodyJson(Answer)
  )
  return mySqlServerAt(answer.adminUrl, answer.source)
}).pipe(Effect.provide(FetchHttpClient.layer))

/** The URL of a new, empty, private database of this server; dropped with the scope. */
export const freshDatabaseOn = (server: Context.Tag.Service<MySqlServer>) =>
  Effect.gen(function* () {
    const name = `test_${process.pid}_${randomBytes(4).toString("hex")}`
    yield* Effect.acquireRelease(server.createDatabase(name), () => Effect.ignoreLogged(server.dropDatabase(name)))
    return server.dsnFor(name)
  }).pipe(Effect.orDie)

/** The same on the shared server. */
export const freshDatabase = Effect.flatMap(Effect.orDie(sharedMySqlServer), freshDatabaseOn)
