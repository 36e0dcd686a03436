import {
  FetchHttpClient,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse
} from "@effect/platform"
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { type AdminConflict, type AdminFailure, type AdminNotFound, RestateAdmin, sqlText } from "effect-restate/admin"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import type { RestateAddresses, RestateOptions } from "../../../dev/stack/RestateProgram.ts"
import { privateRestateServer, RestateServer } from "../../../dev/stack/RestateServer.ts"

/** An unsuccessful response to a message. */
export class RestateRefused extends Schema.TaggedError<RestateRefused>()("RestateRefused", {
  request: Schema.String,
  status: Schema.Number,
  body: Schema.Unknown
}) {}

export interface Reply {
  readonly status: number
  /** Parsed when it is JSON, text otherwise, undefined when empty. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

export type Row = Readonly<Record<string, unknown>>

type Failure = AdminFailure | AdminNotFound | AdminConflict

/** A client of a Restate server's ingress and admin API. Only `call` and `attach` return a failure as a reply. */
export interface RestateClientShape extends RestateAddresses {
  /** By default also where another program had the same address before: the system gives a free port again. */
  readonly register: (uri: string, options?: { readonly force?: boolean }) => Effect.Effect<unknown, Failure>
  /** Removes a deployment from Restate, with all invocations pinned to it. */
  readonly remove: (deploymentId: string) => Effect.Effect<void, Failure>
  readonly sql: (query: string) => Effect.Effect<ReadonlyArray<Row>, Failure>
  /** Calls `Service/handler` or `Object/key/handler` through the ingress and waits for the answer. */
  readonly call: (
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>
  ) => Effect.Effect<Reply, HttpClientError.HttpClientError>
  /** Like `call`, but returns the invocation's id without waiting for it. */
  readonly send: (
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>
  ) => Effect.Effect<string, RestateRefused | HttpClientError.HttpClientError>
  /** Waits for an invocation's result. */
  readonly attach: (id: string) => Effect.Effect<Reply, HttpClientError.HttpClientError>
  readonly cancel: (id: string) => Effect.Effect<void, Failure>
  readonly kill: (id: string) => Effect.Effect<void, Failure>
  readonly pause: (id: string) => Effect.Effect<void, Failure>
  /** Resumes a paused invocation on the newest deployment of its service. */
  readonly resumeOnNewest: (id: string) => Effect.Effect<void, Failure>
  /** The row of sys_invocation, or undefined when there is none. */
  readonly invocation: (id: string) => Effect.Effect<Row | undefined, Failure>
  /** The rows of sys_journal, in order. */
  readonly journal: (id: string) => Effect.Effect<ReadonlyArray<Row>, Failure>
}

export class RestateClient extends Context.Tag("ctrl-worker/test/RestateClient")<RestateClient, RestateClientShape>() {}

const Row = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const Sent = Schema.Struct({ invocationId: Schema.String })

const parse = (text: string): unknown => {
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const toReply = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(
    response.text,
    (text): Reply => ({ status: response.status, body: parse(text), headers: response.headers })
  )

const post = (url: string, body: unknown) =>
  HttpClientRequest.post(url).pipe(
    HttpClientRequest.acceptJson,
    body === undefined ? (request) => request : HttpClientRequest.bodyUnsafeJson(body)
  )

/** The operations on a server at these addresses. */
export const restateClient = (http: HttpClient.HttpClient, server: RestateAddresses): RestateClientShape => {
  const ask = (request: HttpClientRequest.HttpClientRequest) => Effect.flatMap(http.execute(request), toReply)
  const order = (request: HttpClientRequest.HttpClientRequest) =>
    ask(request).pipe(
      Effect.filterOrFail(
        ({ status }) => status < 300,
        ({ status, body }) => new RestateRefused({ request: `${request.method} ${request.url}`, status, body })
      ),
      Effect.map((reply) => reply.body)
    )
  const admin = RestateAdmin.make({ url: server.admin })
  const sql = (query: string) => admin.query(query, Row)
  return {
    ...server,
    register: (uri, { force = true } = {}) => admin.register({ uri, force }),
    remove: admin.removeDeployment,
    sql,
    call: (path, body, headers = {}) =>
      ask(HttpClientRequest.setHeaders(post(`${server.ingress}/${path}`, body), headers)),
    send: (path, body, headers = {}) =>
      Effect.map(
        order(HttpClientRequest.setHeaders(post(`${server.ingress}/${path}/send`, body), headers)),
        (reply) => Schema.decodeUnknownSync(Sent)(reply).invocationId
      ),
    attach: (id) => ask(HttpClientRequest.get(`${server.ingress}/restate/invocation/${id}/attach`)),
    cancel: admin.cancel,
    kill: admin.kill,
    pause: admin.pause,
    resumeOnNewest: (id) => admin.resume(id, "latest"),
    invocation: (id) => Effect.map(sql(`SELECT * FROM sys_invocation WHERE id = ${sqlText(id)}`), (rows) => rows[0]),
    journal: (id) => sql(`SELECT * FROM sys_journal WHERE id = ${sqlText(id)} ORDER BY index`)
  }
}

/** Retries that production spreads over minutes would only make a test slow. */
const quickRetries = {
  RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: "50ms",
  RESTATE_DEFAULT_RETRY_POLICY__MAX_INTERVAL: "500ms",
  RESTATE_ADMIN__DISABLE_WEB_UI: "true"
}

const clientLayer = Layer.effect(
  RestateClient,
  Effect.gen(function* () {
    const { ingress, admin } = yield* RestateServer
    return restateClient(yield* HttpClient.HttpClient, { ingress, admin })
  })
).pipe(Layer.provide(FetchHttpClient.layer))

/** A private Restate server, started for and stopped with the layer, and the client for it. */
export const testRestate = (options: RestateOptions = {}) =>
  Layer.provideMerge(clientLayer, privateRestateServer({ ...options, env: { ...quickRetries, ...options.env } }))

/** Polls an invocation until the condition holds; for states that only Restate's tables show. At most 20 seconds. */
export const untilInvocation = (client: RestateClientShape, id: string, wanted: (row: Row) => boolean) =>
  client.invocation(id).pipe(
    Effect.filterOrFail((row): row is Row => row !== undefined && wanted(row)),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("20 seconds"),
    inRealTime
  )
