import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { Effect, Layer } from "effect"
import { type OutboundHttp, type OutboundOptions, openOutbound } from "./OutboundHttp.ts"

/** Null body statuses (Fetch): `Response` rejects a body for them. */
const withoutBody: ReadonlyArray<number> = [101, 204, 205, 304]

/** An HttpClient for libraries. Every failure is a RequestError with the OutboundError as cause. */
export const asHttpClient = (send: OutboundHttp): HttpClient.HttpClient =>
  HttpClient.make((request) =>
    send(request).pipe(
      Effect.map(({ bytes, headers, status }) =>
        HttpClientResponse.fromWeb(
          request,
          new Response(withoutBody.includes(status) ? null : Buffer.from(bytes), { status, headers })
        )
      ),
      Effect.mapError((cause) => new HttpClientError.RequestError({ request, reason: "Transport", cause }))
    )
  ).pipe(
    HttpClient.withTracerDisabledWhen(() => true),
    HttpClient.withTracerPropagation(false)
  )

/** An HttpClient for one service. */
export const outboundHttpClient = (options: OutboundOptions): Layer.Layer<HttpClient.HttpClient> =>
  Layer.scoped(HttpClient.HttpClient, Effect.map(openOutbound(options), asHttpClient))
