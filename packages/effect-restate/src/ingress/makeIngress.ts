import type { JournalValueCodec } from "@restatedev/restate-sdk"
import { Duration, Effect } from "effect"
import { wholeMillis } from "../attempt/wholeMillis.ts"
import type { Contract, HandlerContract } from "../contract/Contract.ts"
import type { AnyInvocationRef } from "../contract/InvocationRef.ts"
import { isRawBytes, rawContentType } from "../contract/RawBytes.ts"
import { encodeFor, maxPayloadBytes, opaqueSerde, serdeOf } from "../contract/Serde.ts"
import { typedFailuresHeader } from "../contract/TypedFailure.ts"
import { withKey } from "../contract/withKey.ts"
import {
  type AnswerTooLarge,
  exchangeWith,
  type HttpAnswer,
  type HttpRequest,
  type NoAnswer
} from "../http/exchange.ts"
import { UnreadableAnswer } from "../http/UnreadableAnswer.ts"
import { acceptedOf, doneOf, outputOf, readyOutputOf } from "./answers.ts"
import type {
  IngressCallOptions,
  IngressClient,
  IngressOptions,
  IngressSendOptions,
  WaitOptions
} from "./IngressClient.ts"
import { IngressUnavailable } from "./IngressError.ts"
import { callPath, invocationRequest, pathOf, sendPath } from "./paths.ts"

type Arguments<Options> = [handler: string, input: unknown, options?: Options]

/** One bounded exchange, as the operations of a client use it. */
const exchangesOf = ({
  answerTimeout = Duration.minutes(5),
  codec,
  payloadBytes = maxPayloadBytes,
  ...options
}: IngressOptions) => {
  const exchange = exchangeWith(options)
  return {
    payloadBytes,
    ask: (request: HttpRequest) =>
      Effect.flatMap(Effect.mapError(exchange(request), unreadable), (answer) => plainAnswer(codec, answer)),
    /** Of answers that Restate makes itself: one that is too large comes from another server. */
    order: (request: HttpRequest) => Effect.mapError(exchange(request), unavailable),
    // Restate refuses a body where a handler takes none, so that nothing stays nothing.
    written: (bytes: Uint8Array) => (codec === undefined || bytes.length === 0 ? bytes : codec.encode(bytes)),
    waiting: (timeout: Duration.DurationInput | undefined) => ({ timeout: timeout ?? answerTimeout })
  }
}

type Exchanges = ReturnType<typeof exchangesOf>

const requests = ({ ask, order, payloadBytes, waiting, written }: Exchanges) => ({
  call: (contract: Contract, ...args: ReadonlyArray<unknown>) =>
    Effect.gen(function* () {
      const [key, handler, input, { timeout, ...sent } = {}] = withKey<Arguments<IngressCallOptions>>(contract, args)
      const declared = yield* declaredHandler(contract, handler)
      const body = yield* encodeFor(`${contract.name}/${handler}`, opaqueSerde(declared.input, payloadBytes), input)
      const path = pathOf(contract, key, handler)
      const headers = { ...contentTypeOf(declared), ...headersOf(sent) }
      const answer = yield* ask({
        method: "POST",
        path: callPath(path, sent.scope),
        body: written(body),
        headers,
        ...waiting(timeout)
      })
      return yield* outputOf(path, { ...declared, payloadBytes }, answer)
    }),
  send: (contract: Contract, ...args: ReadonlyArray<unknown>) =>
    Effect.gen(function* () {
      const [key, handler, input, options = {}] = withKey<Arguments<IngressSendOptions>>(contract, args)
      const declared = yield* declaredHandler(contract, handler)
      const body = yield* encodeFor(`${contract.name}/${handler}`, opaqueSerde(declared.input, payloadBytes), input)
      const path = pathOf(contract, key, handler)
      const delay = options.delay === undefined ? "" : `?delay=${wholeMillis(options.delay)}ms`
      const to = sendPath(path, options.scope) + delay
      const headers = { ...contentTypeOf(declared), ...headersOf(options) }
      const answer = yield* order({ method: "POST", path: to, body: written(body), headers })
      return yield* acceptedOf(path, answer)
    })
})

const outputs = ({ ask, payloadBytes, waiting }: Exchanges) => ({
  attach: (contract: Contract, handler: string, invocation: AnyInvocationRef, { timeout }: WaitOptions = {}) =>
    Effect.gen(function* () {
      const declared = yield* declaredHandler(contract, handler)
      const { target, ...request } = invocationRequest("attach", contract, handler, invocation)
      const answer = yield* ask({ ...request, ...waiting(timeout) })
      return yield* outputOf(target, { ...declared, payloadBytes }, answer)
    }),
  output: (contract: Contract, handler: string, invocation: AnyInvocationRef) =>
    Effect.gen(function* () {
      const declared = yield* declaredHandler(contract, handler)
      const { target, ...request } = invocationRequest("output", contract, handler, invocation)
      return yield* readyOutputOf(target, { ...declared, payloadBytes }, yield* ask(request))
    })
})

const awakeables = ({ order, payloadBytes, written }: Exchanges) =>
  ({
    resolveAwakeable: (id, schema, value) =>
      Effect.gen(function* () {
        const body = yield* encodeFor("awakeable", serdeOf(schema, payloadBytes), value)
        const path = `restate/awakeables/${encodeURIComponent(id)}`
        yield* doneOf(path, yield* order({ method: "POST", path: `${path}/resolve`, body: written(body) }))
      }),
    rejectAwakeable: (id, reason) => {
      const path = `restate/awakeables/${encodeURIComponent(id)}`
      const body = new TextEncoder().encode(reason)
      const headers = { "content-type": "text/plain" }
      return Effect.flatMap(order({ method: "POST", path: `${path}/reject`, body, headers }), (answer) =>
        doneOf(path, answer)
      )
    }
  }) satisfies Partial<IngressClient>

/** The client whose calls go through one bounded exchange. */
export const makeIngress = (options: IngressOptions): IngressClient => {
  const exchanges = exchangesOf(options)
  const client = { ...requests(exchanges), ...outputs(exchanges), ...awakeables(exchanges) }
  // Inputs, outputs and failures go through the schemas of the contract, which is where the types come from.
  return client as IngressClient
}

/** The output as the handler made it. Refusals are Restate's own words. */
const plainAnswer = (
  codec: JournalValueCodec | undefined,
  answer: HttpAnswer
): Effect.Effect<HttpAnswer, UnreadableAnswer> => {
  if (codec === undefined || answer.status !== 200) return Effect.succeed(answer)
  return Effect.tryPromise({
    try: async () => ({ ...answer, bytes: await codec.decode(answer.bytes) }),
    catch: () => new UnreadableAnswer({ url: answer.url, problem: "the codec cannot read the answer" })
  })
}

const unavailable = (error: NoAnswer | AnswerTooLarge): IngressUnavailable => {
  const { url } = error
  if (error._tag === "AnswerTooLarge")
    return new IngressUnavailable({ url, reason: `an answer of more than ${error.maxBytes} bytes` })
  const { cause, reason } = error
  return new IngressUnavailable({ url, reason, ...(cause === undefined ? {} : { cause }) })
}

const unreadable = (error: NoAnswer | AnswerTooLarge): IngressUnavailable | UnreadableAnswer =>
  error._tag === "NoAnswer"
    ? unavailable(error)
    : new UnreadableAnswer({ url: error.url, problem: `the answer has more than ${error.maxBytes} bytes` })

const declaredHandler = (contract: Contract, handler: string) =>
  Effect.fromNullable(contract.handlers[handler]).pipe(
    Effect.orDieWith(() => new TypeError(`${contract.name} has no handler ${handler}`))
  )

const raw = { "content-type": rawContentType }

/** Other bodies are JSON. */
const contentTypeOf = ({ input }: HandlerContract): Record<string, string> => (isRawBytes(input) ? raw : {})

/** With the request for failures with their fields: an invocation that was sent may be attached to later. */
const headersOf = ({ headers, idempotencyKey, limitKey, traceparent }: IngressSendOptions): Record<string, string> => ({
  ...headers,
  ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  ...(limitKey === undefined ? {} : { "x-restate-limit-key": limitKey }),
  ...(traceparent === undefined ? {} : { traceparent }),
  [typedFailuresHeader]: "true"
})
