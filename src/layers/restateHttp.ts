import { Effect, Option, Redacted, type Scope } from "effect"
import type { HttpOptions } from "effect-restate/ingress"
import { asFetch } from "./outbound/asFetch.ts"
import type { Bounds } from "./outbound/bounds.ts"
import { OutboundRefused, OutboundUnavailable, reasonOf, statusOf } from "./outbound/OutboundError.ts"
import { openOutbound } from "./outbound/OutboundHttp.ts"

/** The transport of the kit's clients within these bounds. The API key stays Redacted until it is sent as a bearer token. */
export const restateHttp = (
  url: string,
  apiKey: Option.Option<Redacted.Redacted>,
  bounds: Bounds
): Effect.Effect<HttpOptions, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { maxBytes: maxAnswerBytes, timeout } = bounds
    const fetch = asFetch(yield* openOutbound({ bounds }), yield* Effect.runtime())
    const headers = Option.match(apiKey, {
      onNone: () => ({}),
      onSome: (key) => ({ authorization: Redacted.make(`Bearer ${Redacted.value(key)}`) })
    })
    return { url, fetch, headers, timeout, maxAnswerBytes }
  })

/** Why the transport rejected. None if the server answered. */
export const transportFailure = (cause: unknown) =>
  cause instanceof OutboundRefused || cause instanceof OutboundUnavailable
    ? Option.some({ reason: reasonOf(cause), ...statusOf(cause), detail: cause.message })
    : Option.none()
