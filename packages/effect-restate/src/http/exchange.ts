import { Data, Duration, Effect, Redacted } from "effect"
import { clipped } from "../contract/clipped.ts"

/** How to reach one of Restate's HTTP interfaces, and what an answer may cost. */
export interface HttpOptions {
  /** Its address, with a path when a proxy wants one. Credentials belong into `headers`. */
  readonly url: string
  /** Default: the global `fetch`. It gets whole requests of bytes, an AbortSignal, and must not follow redirects. */
  readonly fetch?: Fetch
  /** Sent with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string | Redacted.Redacted>>
  /** Of one request, to the last byte of its answer. Default 30 s. */
  readonly timeout?: Duration.DurationInput
  /** Of one answer. Default 1 MiB. */
  readonly maxAnswerBytes?: number
}

/** The part of the global `fetch` that is used here. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>

/** What it is asked with. */
export interface FetchRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  readonly redirect: "error"
  readonly signal: AbortSignal
}

/** The part of its answer that is read. */
export type FetchAnswer = Pick<Response, "status" | "body">

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  /** Below the address, without a slash at its beginning. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, unless `headers` says otherwise. No bytes are no body, which then has no type either. */
  readonly body?: Uint8Array
  /** Instead of the timeout of every request. */
  readonly timeout?: Duration.DurationInput | undefined
}

export interface HttpAnswer {
  readonly url: string
  readonly status: number
  readonly bytes: Uint8Array
}

/**
 * There is no answer: no connection, a broken one, or none within the timeout. Whether the request arrived is unknown. `cause` is what
 * `fetch` rejected with.
 */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{
  readonly url: string
  readonly reason: string
  readonly cause?: unknown
}> {}

/** An answer that was not read to its end. */
export class AnswerTooLarge extends Data.TaggedError("AnswerTooLarge")<{
  readonly url: string
  readonly maxBytes: number
}> {}

export type Exchange = (request: HttpRequest) => Effect.Effect<HttpAnswer, NoAnswer | AnswerTooLarge>

const defaultTimeout = Duration.seconds(30)
const defaultMaxAnswerBytes = 1024 * 1024
const maxReasonCharacters = 200

/**
 * Sends requests to one address, each bounded in time and in the size of its answer. An interruption ends the request. A url
 * that is none, or holds credentials, throws at once: it would be quoted in errors.
 */
export const exchangeWith = (options: HttpOptions): Exchange => {
  const { fetch = globalThis.fetch, timeout = defaultTimeout, maxAnswerBytes = defaultMaxAnswerBytes } = options
  const base = addressOf(options.url)
  const common = options.headers ?? {}
  return (request) => {
    const url = `${base}/${request.path}`
    const limit = Duration.decode(request.timeout ?? timeout)
    const body = request.body?.length === 0 ? undefined : request.body
    const ask = Effect.tryPromise({
      try: (signal) =>
        fetch(url, {
          method: request.method,
          headers: {
            accept: "application/json",
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...exposed(common),
            ...request.headers
          },
          ...(body === undefined ? {} : { body: Uint8Array.from(body) }),
          // Restate answers itself: what redirects is another server, which must not get the headers.
          redirect: "error",
          signal
        }).then(async (answer) => ({ status: answer.status, bytes: await bytesOf(url, answer, maxAnswerBytes) })),
      catch: (error) =>
        error instanceof AnswerTooLarge ? error : new NoAnswer({ url, reason: reasonOf(error), cause: error })
    })
    return ask.pipe(
      Effect.map(({ bytes, status }) => ({ url, status, bytes })),
      Effect.timeoutFail({
        duration: limit,
        onTimeout: () => new NoAnswer({ url, reason: `no answer within ${Duration.format(limit)}` })
      })
    )
  }
}

const addressOf = (text: string): string => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new TypeError("an address of Restate is an http or https URL")
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new TypeError("an address of Restate holds neither credentials nor a query: send credentials as a header")
  return url.href.replace(/\/+$/, "")
}

/** Headers as they go over the wire. */
export const exposed = (headers: NonNullable<HttpOptions["headers"]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : Redacted.value(value)])
  )

const bytesOf = async (url: string, { body }: FetchAnswer, maxBytes: number): Promise<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  if (body === null) return new Uint8Array(0)
  for await (const chunk of body) {
    size += chunk.length
    // Leaving the loop cancels the rest.
    if (size > maxBytes) throw new AnswerTooLarge({ url, maxBytes })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The code of the socket's error where there is one: Node's `fetch` only says that it failed. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "fetch failed"
  const { cause } = error
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  return clipped(typeof code === "string" ? code : error.message, maxReasonCharacters)
}
