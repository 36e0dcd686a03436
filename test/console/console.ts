import { type HttpApp, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Effect, Option, Redacted } from "effect"
import type { ConsoleSettings } from "../../src/console/server/ConsoleSettings.ts"
import type { PageFiles } from "../../src/console/server/pageFiles.ts"

export const token = "0123456789abcdef0123456789abcdef"

/** A console that is open to the holders of the token. */
export const settings: ConsoleSettings["Type"] = {
  version: "1.2.3",
  token: Option.some(Redacted.make(token)),
  userHeader: Option.none(),
  trustedProxies: ["127.0.0.1"],
  actions: false,
  traceUrl: null,
  restateUi: null,
  services: ["hydra.v1.DeployService"],
  sources: ["database", "restate"]
}

const file = (content: string, contentType: string) => ({ content: new TextEncoder().encode(content), contentType })

export const files: PageFiles = new Map([
  ["/index.html", file("<!doctype html>", "text/html; charset=utf-8")],
  ["/main.js", file("run()", "text/javascript; charset=utf-8")]
])

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The peer's address. */
  readonly from?: string
}

export const withToken = { authorization: `Bearer ${token}` }

/** Answers one request as the server would. */
export const send =
  <E, R>(app: HttpApp.Default<E, R>) =>
  (path: string, { body, from = "192.0.2.1", headers = {}, method = "GET" }: Sent = {}) =>
    Effect.gen(function* () {
      const web = new Request(`http://console.example${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body })
      })
      const request = HttpServerRequest.fromWeb(web).modify({ url: path, remoteAddress: from })
      const answer = yield* Effect.provideService(app, HttpServerRequest.HttpServerRequest, request)
      const received = HttpServerResponse.toWeb(answer)
      const text = yield* Effect.promise(() => received.text())
      return { status: received.status, headers: received.headers, text }
    }).pipe(Effect.scoped)
