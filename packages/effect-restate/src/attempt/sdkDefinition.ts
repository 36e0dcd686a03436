import * as restate from "@restatedev/restate-sdk"
import type { AttemptRetry } from "../contract/AttemptRetry.ts"
import type { AnySchema, ContractKind, HandlerContract, HandlerMode } from "../contract/Contract.ts"
import type { ObjectOptions, WorkflowOptions } from "../contract/Implementation.ts"
import type { Limits } from "../contract/Limits.ts"
import { isRawBytes } from "../contract/RawBytes.ts"
import { jsonSchemaOf, opaqueSerde } from "../contract/Serde.ts"
import type { BoundObject } from "./BoundObject.ts"
import { journalOf, type MakeJournal } from "./journalOf.ts"
import type { SdkContext } from "./StateMachine.ts"
import { wholeMillis } from "./wholeMillis.ts"

/** What Restate's SDK serves. */
export type SdkDefinition =
  | restate.ServiceDefinition<string, unknown>
  | restate.VirtualObjectDefinition<string, unknown>
  | restate.WorkflowDefinition<string, unknown>

const retryPolicy = (retry: AttemptRetry, onMaxAttempts: "pause" | "kill"): restate.RetryPolicy => ({
  onMaxAttempts,
  ...(retry.maxAttempts === undefined ? {} : { maxAttempts: retry.maxAttempts }),
  ...(retry.factor === undefined ? {} : { exponentiationFactor: retry.factor }),
  ...(retry.initialInterval === undefined ? {} : { initialInterval: wholeMillis(retry.initialInterval) }),
  ...(retry.maxInterval === undefined ? {} : { maxInterval: wholeMillis(retry.maxInterval) })
})

const serviceOptions = (options: ObjectOptions<string>): restate.ServiceOptions => ({
  explicitCancellation: options.cancellation !== "implicit",
  retryPolicy: retryPolicy(options.retry ?? {}, "pause"),
  ...(options.lazyState === undefined ? {} : { enableLazyState: options.lazyState }),
  ...(options.inactivityTimeout === undefined ? {} : { inactivityTimeout: wholeMillis(options.inactivityTimeout) }),
  ...(options.abortTimeout === undefined ? {} : { abortTimeout: wholeMillis(options.abortTimeout) }),
  ...(options.journalRetention === undefined ? {} : { journalRetention: wholeMillis(options.journalRetention) }),
  ...(options.idempotencyRetention === undefined
    ? {}
    : { idempotencyRetention: wholeMillis(options.idempotencyRetention) })
})

const workflowOptions = (options: WorkflowOptions<string>): restate.WorkflowOptions => ({
  ...serviceOptions(options),
  ...(options.workflowRetention === undefined ? {} : { workflowRetention: wholeMillis(options.workflowRetention) })
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
  ...(isRawBytes(declared.input) ? { accept: "*/*" } : {}),
  // The attempt answers with bytes that are encoded already.
  output: { ...publishedSerde(declared.output, limits), serialize: (bytes: unknown) => bytes as Uint8Array },
  ingressPrivate: declared.ingress === "private",
  ...(endsWhenExhausted.includes(name) ? { retryPolicy: retryPolicy(retry, "kill") } : {})
})

type Attempt = (context: restate.Context, input: unknown) => Promise<unknown>

type Maker = (options: ReturnType<typeof handlerOptions>, attempt: Attempt) => unknown

/** How the SDK declares a handler of each kind and mode. */
const makers: Readonly<Record<ContractKind, Readonly<Record<HandlerMode, Maker>>>> = {
  service: { exclusive: restate.handlers.handler, shared: restate.handlers.handler },
  object: { exclusive: restate.handlers.object.exclusive, shared: restate.handlers.object.shared },
  workflow: { exclusive: restate.handlers.workflow.workflow, shared: restate.handlers.workflow.shared }
}

/** A bound implementation as Restate's SDK serves it, with its schemas published through discovery. */
export const sdkDefinition = (bound: BoundObject, journal: MakeJournal = journalOf): SdkDefinition => {
  const { attempts, contract, limits, options } = bound
  const { kind, name } = contract
  const explicit = options.cancellation !== "implicit"
  const handlers: Record<string, Attempt> = {}
  for (const [handler, run] of attempts) {
    const declared = contract.handlers[handler]
    if (declared === undefined) continue
    // The SDK has one class of contexts for all kinds, with its internal operations; the kinds differ in their types only.
    const attempt: Attempt = (context, input) => run(journal(context as SdkContext, explicit), input)
    handlers[handler] = makers[kind][declared.mode](
      handlerOptions(declared, handler, options, limits),
      attempt
    ) as Attempt
  }
  const definition = { name, handlers, options: serviceOptions(options) }
  switch (kind) {
    case "service":
      return restate.service(definition)
    case "object":
      return restate.object(definition)
    case "workflow":
      return restate.workflow({
        name,
        // Its contract has a run.
        handlers: handlers as { readonly run: Attempt },
        options: workflowOptions(options)
      })
  }
}
