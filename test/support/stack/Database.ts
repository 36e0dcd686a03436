import { randomBytes } from "node:crypto"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "@effect/platform"
import { type Context, Effect, Schema } from "effect"
import { inject } from "vitest"
import { type MySqlServer, mySqlServerAt } from "../../../dev/stack/MySqlServer.ts"

const Answer = Schema.Struct({ adminUrl: Schema.String, source: Schema.String })

/** The MySQL server that all tests of a run share; started when first asked for. */
export const sharedMySqlServer = Effect.gen(function* () {
  const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  const answer = yield* Effect.flatMap(
    http.get(`${inject("mySqlServerDesk")}/mysql`),
    HttpClientResponse.schemaBodyJson(Answer)
  )
  return mySqlServerAt(answer.adminUrl, answer.source)
}).pipe(Effect.provide(FetchHttpClient.layer))

/** The URL of a new, empty database of this server that nothing else uses; dropped with the scope. */
export const freshDatabaseOn = (server: Context.Tag.Service<MySqlServer>) =>
  Effect.gen(function* () {
    const name = `test_${process.pid}_${randomBytes(4).toString("hex")}`
    yield* Effect.acquireRelease(server.createDatabase(name), () => Effect.ignoreLogged(server.dropDatabase(name)))
    return server.dsnFor(name)
  }).pipe(Effect.orDie)

/** The same of the server that all tests of a run share. */
export const freshDatabase = Effect.flatMap(Effect.orDie(sharedMySqlServer), freshDatabaseOn)
