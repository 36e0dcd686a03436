import { HttpClientRequest } from "@effect/platform"
import { flow, Option, type Redacted } from "effect"
import type { OutboundHttp } from "./OutboundHttp.ts"

/** Sends requests for paths below this address, with the token as a bearer if there is one. */
export const sendTo = (send: OutboundHttp, url: string, token: Option.Option<Redacted.Redacted>): OutboundHttp =>
  flow(
    HttpClientRequest.prependUrl(url.replace(/\/+$/, "")),
    Option.match(token, {
      onNone: () => (request: HttpClientRequest.HttpClientRequest) => request,
      onSome: (bearer) => HttpClientRequest.bearerToken(bearer)
    }),
    send
  )
