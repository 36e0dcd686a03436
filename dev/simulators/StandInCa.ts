import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer, request as httpsRequest } from "node:https"
import { Context, Effect, Layer } from "effect"
import { localAuthority } from "../stack/LocalAuthority.ts"
import { onLoopback } from "../stack/onLoopback.ts"
import { type AuthorityAnswer, wellAnswers } from "./authority/answers.ts"
import { openOrders } from "./authority/openOrders.ts"
import { type AuthorityOperation, operationAt } from "./authority/operations.ts"

export interface ReceivedRequest {
  readonly operation: AuthorityOperation
  /** The raw request body, empty for a GET. */
  readonly body: string
  /** The signed payload: undefined for an unsigned request, null for POST-as-GET. */
  readonly payload: unknown
  /** Time of arrival in Unix milliseconds. */
  readonly at: number
  /** Status of the response; undefined while there is none. */
  readonly status: number | undefined
}

export interface StandInCaOptions {
  /** A Pebble that handles unscripted requests. Default: built-in successful responses. */
  readonly inFrontOf?: { readonly directoryUrl: string; readonly tlsRoot: string }
  /** Returns the open order for a repeated newOrder, as Let's Encrypt does. Default false. */
  readonly reusesOrders?: boolean
}

/**
 * A CA with scripted responses, over real TLS. It checks no signatures and records every request. Unscripted requests succeed,
 * or go to a real CA behind it.
 */
export class StandInCa extends Context.Tag("ctrl-worker/dev/StandInCa")<
  StandInCa,
  {
    readonly directoryUrl: string
    /** PEM of the root behind its TLS certificate. */
    readonly tlsRoot: string
    /** Responses for the next requests of this operation, one each, after those already scripted. */
    readonly script: (operation: AuthorityOperation, ...answers: ReadonlyArray<AuthorityAnswer>) => Effect.Effect<void>
    /** Requests, in order. */
    readonly received: Effect.Effect<ReadonlyArray<ReceivedRequest>>
    /** Clears scripted responses and recorded requests. */
    readonly reset: Effect.Effect<void>
  }
>() {}

const payloadOf = (body: string): unknown => {
  if (body === "") return undefined
  // Every request with a body to a CA is signed.
  const { payload } = JSON.parse(body) as { readonly payload: string }
  return payload === "" ? null : JSON.parse(Buffer.from(payload, "base64url").toString())
}

let nonces = 0
const freshNonce = () => ({ "replay-nonce": `nonce-${++nonces}` })

const give = (response: ServerResponse, answer: AuthorityAnswer) => {
  switch (answer._tag) {
    case "Answer":
      response.writeHead(answer.status, { ...freshNonce(), ...answer.headers })
      response.end(answer.body)
      return
    case "Truncated":
      response.writeHead(200, { ...freshNonce(), "content-type": "application/json", "content-length": "1000" })
      response.write('{"status":"val', () => response.destroy())
      return
    case "Closed":
      response.destroy()
      return
    case "Silent":
      return
  }
}

/** Keeps the Host header: a CA builds its URLs from it and verifies signed ones. */
const forward = (
  { directoryUrl, tlsRoot }: NonNullable<StandInCaOptions["inFrontOf"]>,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
  answered: (location: string, text: string) => void
) => {
  const { hostname, port } = new URL(directoryUrl)
  const onward = httpsRequest(
    { hostname, port, path: request.url, method: request.method, headers: request.headers, ca: tlsRoot },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      const chunks: Array<Buffer> = []
      answer.on("data", (chunk: Buffer) => chunks.push(chunk))
      answer.on("end", () => {
        if (answer.statusCode === 201) answered(answer.headers.location ?? "", Buffer.concat(chunks).toString())
        response.end(Buffer.concat(chunks))
      })
    }
  )
  onward.on("error", () => response.destroy())
  onward.end(body)
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

const start = ({ inFrontOf, reusesOrders = false }: StandInCaOptions) =>
  Effect.gen(function* () {
    const tls = yield* localAuthority
    const received: Array<Mutable<ReceivedRequest>> = []
    const open = openOrders()
    const scripted = new Map<AuthorityOperation, ReadonlyArray<AuthorityAnswer>>()
    const next = (operation: AuthorityOperation) => {
      const [first, ...rest] = scripted.get(operation) ?? []
      scripted.set(operation, rest)
      return first
    }
    const handle = (request: IncomingMessage, body: string, response: ServerResponse) => {
      const operation = operationAt(request.url ?? "")
      if (operation === undefined) return give(response, { _tag: "Answer", status: 404, headers: {}, body: "" })
      const payload = payloadOf(body)
      const entry: Mutable<ReceivedRequest> = { operation, body, payload, at: Date.now(), status: undefined }
      received.push(entry)
      response.on("finish", () => {
        entry.status = response.statusCode
      })
      if (operation === "finalize") open.finalized(request.url ?? "")
      const isReusable = reusesOrders && operation === "new-order"
      const answer = next(operation) ?? (isReusable ? open.find(body, payload) : undefined)
      if (answer === undefined && inFrontOf !== undefined)
        return forward(inFrontOf, request, body, response, (location, text) => {
          if (isReusable) open.add(body, payload, location, text)
        })
      return give(response, answer ?? wellAnswers(`https://${request.headers.host}`, tls.certificate)[operation])
    }
    const server = createServer({ cert: tls.certificate, key: tls.key }, (request, response) => {
      let body = ""
      request.on("data", (chunk) => {
        body += chunk
      })
      request.on("end", () => handle(request, body, response))
    })
    const port = yield* onLoopback(server)
    return StandInCa.of({
      directoryUrl: `https://127.0.0.1:${port}/dir`,
      tlsRoot: tls.root,
      script: (operation, ...answers) =>
        Effect.sync(() => void scripted.set(operation, [...(scripted.get(operation) ?? []), ...answers])),
      received: Effect.sync(() => [...received]),
      reset: Effect.sync(() => {
        scripted.clear()
        open.clear()
        received.length = 0
      })
    })
  })

/** A scripted CA on a free port of 127.0.0.1, for the layer's lifetime. */
export const standInCa = (options: StandInCaOptions = {}): Layer.Layer<StandInCa> =>
  Layer.scoped(StandInCa, start(options))
