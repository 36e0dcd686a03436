import { FetchHttpClient, HttpClient, HttpClientResponse } from "@effect/platform"
import { Effect, Schema } from "effect"
import { inject } from "vitest"

const Program = Schema.Struct({ file: Schema.String, compileCache: Schema.String })

/**
 * The worker's program as all processes of a run start it: a bundle of the sources, made on first use, which starts in a
 * fifth of the time of the sources. `STACK_WORKER` names another build.
 */
export const workerProgram = Effect.gen(function* () {
  const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  const { compileCache, file } = yield* Effect.flatMap(
    http.get(`${inject("mySqlServerDesk")}/worker`),
    HttpClientResponse.schemaBodyJson(Program)
  )
  return {
    file,
    /** Compiled code that processes of the run share. Reading source maps would take a fifth of each start. */
    env: { NODE_COMPILE_CACHE: compileCache }
  }
}).pipe(Effect.provide(FetchHttpClient.layer), Effect.orDie)
