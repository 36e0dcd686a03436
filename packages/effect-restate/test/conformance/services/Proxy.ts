import { Effect, Fiber, Schema } from "effect"
import { type CallOptions, Contract, call, implement, RawBytes, send } from "../../../src/index.ts"
import { asTerminal, Terminal } from "./Terminal.ts"

/** Bytes are an array of numbers, which a JVM writes from -128 to 127. */
const Bytes = Schema.Array(Schema.Number)
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

const ProxyRequest = Schema.Struct({
  serviceName: Schema.String,
  virtualObjectKey: optional(Schema.String),
  handlerName: Schema.String,
  message: Bytes,
  delayMillis: optional(Schema.Number),
  idempotencyKey: optional(Schema.String),
  scope: optional(Schema.String),
  limitKey: optional(Schema.String)
})
type ProxyRequest = typeof ProxyRequest.Type

const ManyCallRequest = Schema.Struct({
  proxyRequest: ProxyRequest,
  oneWayCall: Schema.Boolean,
  awaitAtTheEnd: Schema.Boolean
})

export const Proxy = Contract.service("Proxy", {
  call: { input: ProxyRequest, output: Bytes, error: Terminal },
  oneWayCall: { input: ProxyRequest, output: Schema.String },
  manyCalls: { input: Schema.Array(ManyCallRequest), error: Terminal }
})

/** A handler that is known by the request alone takes and answers bytes. */
const target = { input: RawBytes, output: RawBytes }

const optionsOf = ({ idempotencyKey, limitKey, scope }: ProxyRequest): CallOptions => ({
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  ...(scope === undefined ? {} : { scope }),
  ...(limitKey === undefined ? {} : { limitKey })
})

const proxyCall = (request: ProxyRequest) => {
  const { handlerName, serviceName, virtualObjectKey } = request
  const handlers = { [handlerName]: target }
  const message = Uint8Array.from(request.message)
  const called =
    virtualObjectKey === undefined
      ? call(Contract.service(serviceName, handlers), handlerName, message, optionsOf(request))
      : call(Contract.object(serviceName, handlers), virtualObjectKey, handlerName, message, optionsOf(request))
  return Effect.catchTag(called, "CallFailed", asTerminal)
}

const proxySend = (request: ProxyRequest) => {
  const { delayMillis, handlerName, serviceName, virtualObjectKey } = request
  const handlers = { [handlerName]: target }
  const message = Uint8Array.from(request.message)
  const options = { ...optionsOf(request), ...(delayMillis === undefined ? {} : { delay: delayMillis }) }
  return virtualObjectKey === undefined
    ? send(Contract.service(serviceName, handlers), handlerName, message, options)
    : send(Contract.object(serviceName, handlers), virtualObjectKey, handlerName, message, options)
}

export const ProxyLive = implement(Proxy, {
  call: (request) => Effect.map(proxyCall(request), (bytes) => Array.from(new Int8Array(bytes))),
  oneWayCall: (request) => Effect.flatMap(proxySend(request), ({ invocationId }) => invocationId),
  manyCalls: (requests) =>
    Effect.gen(function* () {
      const calls: Array<Fiber.Fiber<Uint8Array, Effect.Effect.Error<ReturnType<typeof proxyCall>>>> = []
      for (const { awaitAtTheEnd, oneWayCall, proxyRequest } of requests) {
        if (oneWayCall) yield* proxySend(proxyRequest)
        else if (awaitAtTheEnd) {
          calls.push(yield* Effect.fork(proxyCall(proxyRequest)))
          // A fiber begins once this one gives way: the call is journaled before what follows it.
          yield* Effect.yieldNow()
        } else yield* proxyCall(proxyRequest)
      }
      yield* Fiber.joinAll(calls)
    })
})
