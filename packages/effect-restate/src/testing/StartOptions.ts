import type { RequestInfo } from "../attempt/Journal.ts"
import { typedFailuresHeader } from "../contract/TypedFailure.ts"

export interface StartOptions {
  /** The caller waits for the answer: Restate refuses a second call of a workflow's run, and joins a second message with the first. */
  readonly waits?: boolean
  readonly idempotencyKey?: string | undefined
  readonly traceparent?: string | undefined
  /** The caller asks for failures with their fields. Default false. */
  readonly typedFailures?: boolean | undefined
  readonly delayMillis?: number
  readonly headers?: Readonly<Record<string, string>>
  /** As in `call` of a handler: groups invocations and objects. */
  readonly scope?: string | undefined
  readonly limitKey?: string | undefined
}

/** As a server of version 1.7 tells it, which keeps the idempotency key to itself where it has no scopes. */
export const requestOf = ({
  headers = {},
  idempotencyKey,
  limitKey,
  scope,
  typedFailures
}: StartOptions): RequestInfo => {
  const sent = typedFailures === true ? { ...headers, [typedFailuresHeader]: "true" } : headers
  const named = Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value] as const)
  const told = { headers: new Map(named), idempotencyKey: undefined, limitKey: undefined, scope: undefined }
  return scope === undefined ? told : { ...told, idempotencyKey, limitKey, scope }
}
