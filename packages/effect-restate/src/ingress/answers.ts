import { TerminalError } from "@restatedev/restate-sdk"
import { Effect, Either, Option, Schema } from "effect"
import type { AnySchema } from "../contract/Contract.ts"
import { opaqueSerde } from "../contract/Serde.ts"
import { fromTerminal, shownBy } from "../contract/TypedFailure.ts"
import type { HttpAnswer } from "../http/exchange.ts"
import { UnreadableAnswer } from "../http/UnreadableAnswer.ts"
import { CallFailed } from "../operations/DurableError.ts"
import { IngressUnavailable } from "./IngressError.ts"

/** What Restate answers to a message it has taken. */
export const Accepted = Schema.Struct({
  invocationId: Schema.String,
  status: Schema.Literal("Accepted", "PreviouslyAccepted")
})
export interface Accepted extends Schema.Schema.Type<typeof Accepted> {}

/** What Restate answers instead of an output. Since 1.6 it says whether the invocation failed, or the ingress. */
const Refused = Schema.Struct({
  code: Schema.optional(Schema.Number),
  message: Schema.optionalWith(Schema.String, { default: () => "" }),
  source: Schema.optional(Schema.String),
  metadata: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
})

/** The status of an `output` that is not there yet. */
const notReady = 470

const isSuccess = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300
const isReady = ({ status }: HttpAnswer): boolean => status !== notReady
/** Of an ingress that cannot serve right now: too many requests, or no partition to ask. */
const isOverload = (status: number): boolean => status === 429 || status >= 500

const json = <A, I>(schema: Schema.Schema<A, I>, { bytes }: HttpAnswer): Option.Option<A> =>
  Schema.decodeOption(Schema.parseJson(schema))(new TextDecoder().decode(bytes))

/** The terminal error of an answer that is none of 2xx. */
const refusalOf = (answer: HttpAnswer): Either.Either<TerminalError, IngressUnavailable> => {
  const { status, url } = answer
  const unavailable = (reason: string) => Either.left(new IngressUnavailable({ url, status, reason }))
  const refused = json(Refused, answer)
  if (Option.isNone(refused)) return unavailable(`status ${status}, which is not one of Restate's answers`)
  const { code = status, message, metadata, source } = refused.value
  if (source === "ingress" && isOverload(code)) return unavailable(`status ${code}: ${message}`)
  return Either.right(new TerminalError(message, { errorCode: code, ...(metadata === undefined ? {} : { metadata }) }))
}

const untyped = (target: string, error: TerminalError): CallFailed =>
  new CallFailed({ target, code: error.code, reason: error.message, ...shownBy(error) })

/** The output of a handler, or its failure. */
export const outputOf = (
  target: string,
  schemas: { readonly output: AnySchema; readonly error: AnySchema; readonly payloadBytes: number },
  answer: HttpAnswer
): Effect.Effect<unknown, unknown> => {
  if (isSuccess(answer))
    return Effect.try({
      try: () => opaqueSerde(schemas.output, schemas.payloadBytes).deserialize(answer.bytes),
      catch: () => new UnreadableAnswer({ url: answer.url, problem: "the answer does not fit its schema" })
    })
  return Effect.flatMap(refusalOf(answer), (error) =>
    Effect.fail(Option.getOrElse(fromTerminal(schemas.error, error), () => untyped(target, error)))
  )
}

/** As `outputOf`, or none when Restate says that there is no output yet. */
export const readyOutputOf = (
  ...[target, schemas, answer]: Parameters<typeof outputOf>
): Effect.Effect<Option.Option<unknown>, unknown> =>
  isReady(answer) ? Effect.asSome(outputOf(target, schemas, answer)) : Effect.succeedNone

/** What Restate says of a message. */
export const acceptedOf = (
  target: string,
  answer: HttpAnswer
): Effect.Effect<Accepted, CallFailed | IngressUnavailable> =>
  isSuccess(answer)
    ? Effect.mapError(
        json(Accepted, answer),
        () =>
          new IngressUnavailable({
            url: answer.url,
            status: answer.status,
            reason: "the answer is not one of Restate's"
          })
      )
    : Effect.flatMap(refusalOf(answer), (error) => Effect.fail(untyped(target, error)))

/** Nothing but that Restate has done it. */
export const doneOf = (target: string, answer: HttpAnswer): Effect.Effect<void, CallFailed | IngressUnavailable> =>
  isSuccess(answer) ? Effect.void : Effect.flatMap(refusalOf(answer), (error) => Effect.fail(untyped(target, error)))
