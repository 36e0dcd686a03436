import * as restate from "@restatedev/restate-sdk"
import type { AnySchema, HandlerContract } from "../contract/Contract.ts"
import type { AttemptRetry, ObjectOptions } from "../contract/Implementation.ts"
import type { Limits } from "../contract/Limits.ts"
import { jsonSchemaOf, opaqueSerde } from "../contract/Serde.ts"
import type { BoundObject } from "./BoundObject.ts"
import { journalOf, type MakeJournal } from "./journalOf.ts"
import type { SdkContext } from "./StateMachine.ts"
import { wholeMillis } from "./wholeMillis.ts"

export type VirtualObject = restate.VirtualObjectDefinition<string, unknown>

const retryPolicy = (retry: AttemptRetry, onMaxAttempts: "pause" | "kill"): restate.RetryPolicy => ({
  onMaxAttempts,
  ...(retry.maxAttempts === undefined ? {} : { maxAttempts: retry.maxAttempts }),
  ...(retry.factor === undefined ? {} : { exponentiationFactor: retry.factor }),
  ...(retry.initialInterval === undefined ? {} : { initialInterval: wholeMillis(retry.initialInterval) }),
  ...(retry.maxInterval === undefined ? {} : { maxInterval: wholeMillis(retry.maxInterval) })
})

const objectOptions = (options: ObjectOptions<string>): restate.ObjectOptions => ({
  explicitCancellation: options.cancellation !== "implicit",
  retryPolicy: retryPolicy(options.retry ?? {}, "pause"),
  ...(options.inactivityTimeout === undefined ? {} : { inactivityTimeout: wholeMillis(options.inactivityTimeout) }),
  ...(options.abortTimeout === undefined ? {} : { abortTimeout: wholeMillis(options.abortTimeout) }),
  ...(options.journalRetention === undefined ? {} : { journalRetention: wholeMillis(options.journalRetention) }),
  ...(options.idempotencyRetention === undefined
    ? {}
    : { idempotencyRetention: wholeMillis(options.idempotencyRetention) })
})

/** With what discovery publishes of the schema. */
const publishedSerde = (schema: AnySchema, { payloadBytes }: Limits) => {
  const jsonSchema = jsonSchemaOf(schema)
  return { ...opaqueSerde(schema, payloadBytes), ...(jsonSchema === undefined ? {} : { jsonSchema }) }
}

const handlerOptions = (
  declared: HandlerContract,
  name: string,
  { endsWhenExhausted = [], retry = {} }: ObjectOptions<string>,
  limits: Limits
) => ({
  input: publishedSerde(declared.input, limits),
  // The attempt answers with bytes that are encoded already.
  output: { ...publishedSerde(declared.output, limits), serialize: (bytes: unknown) => bytes as Uint8Array },
  ingressPrivate: declared.ingress === "private",
  ...(endsWhenExhausted.includes(name) ? { retryPolicy: retryPolicy(retry, "kill") } : {})
})

/** A bound object as Restate's SDK serves it, with its schemas published through discovery. */
export const virtualObject = (bound: BoundObject, journal: MakeJournal = journalOf): VirtualObject => {
  const { attempts, contract, limits, options } = bound
  const explicit = options.cancellation !== "implicit"
  const handlers: Record<string, (context: restate.ObjectContext, input: unknown) => Promise<unknown>> = {}
  for (const [name, run] of attempts) {
    const declared = contract.handlers[name]
    if (declared === undefined) continue
    // The context of a handler is an object context with the SDK's internal operations.
    const attempt = (context: restate.ObjectSharedContext, input: unknown) =>
      run(journal(context as SdkContext, explicit), input)
    handlers[name] =
      declared.mode === "shared"
        ? restate.handlers.object.shared(handlerOptions(declared, name, options, limits), attempt)
        : restate.handlers.object.exclusive(handlerOptions(declared, name, options, limits), attempt)
  }
  return restate.object({ name: contract.name, handlers, options: objectOptions(options) })
}
