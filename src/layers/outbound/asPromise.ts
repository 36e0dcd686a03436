import type { HttpClientRequest } from "@effect/platform"
import { Effect, Either, Runtime } from "effect"
import type { OutboundResponse } from "./exchange.ts"
import type { OutboundError } from "./OutboundError.ts"
import type { OutboundHttp } from "./OutboundHttp.ts"

/**
 * The client for a library that awaits promises. Clock and logger are the runtime's. Rejects with what `thrown` makes of
 * the OutboundError, by default the error itself.
 */
export const asPromise =
  (
    send: OutboundHttp,
    runtime: Runtime.Runtime<never>,
    thrown: (error: OutboundError) => Error = (error) => error
  ): ((request: HttpClientRequest.HttpClientRequest, signal?: AbortSignal) => Promise<OutboundResponse>) =>
  async (request, signal) => {
    const sent = Effect.either(send(request))
    const answer = await Runtime.runPromise(runtime)(sent, signal === undefined ? {} : { signal })
    return Either.getOrThrowWith(answer, thrown)
  }
