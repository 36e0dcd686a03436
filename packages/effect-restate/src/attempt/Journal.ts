import type { Context, RestatePromise } from "@restatedev/restate-sdk"
import type { Serde } from "../contract/Serde.ts"

/** An entry of the journal that is not known to be completed yet. Only the journal that made it can await it. */
export interface Pending {
  readonly _tag: "Pending"
}

/** What came of an entry. A failure is a `TerminalError`, or something unexpected that ends the attempt. */
export type Completion =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

/** A fiber that is parked on an entry. */
export interface Waiter {
  readonly pending: Pending
  readonly settle: (completion: Completion) => void
  /** Ends the wait without an answer because the attempt is over. */
  readonly abort: () => void
}

export type Wakeup =
  | { readonly _tag: "Completed"; readonly waiter: Waiter; readonly completion: Completion }
  | { readonly _tag: "Cancelled" }

/**
 * Executes a step's body. It tells what came of it: bytes, or a failure, which is final when it is a `TerminalError`. It may do
 * so before it returns, and only what it tells first counts.
 */
export type Body = (answer: (result: Uint8Array | Error) => void) => void

/** How a step's bytes are read, and how long and how often Restate repeats a body that ended with a transient failure. */
export interface RunOptions {
  readonly decode: (bytes: Uint8Array) => unknown
  readonly maxAttempts?: number
  readonly maxDurationMillis?: number
  readonly initialIntervalMillis?: number
  readonly maxIntervalMillis?: number
  readonly factor?: number
}

export interface Target {
  readonly service: string
  readonly handler: string
  readonly key: string
}

/** How an invocation was asked for: the same on every attempt. */
export interface RequestInfo {
  /** By lower-case name. Those that the server sends with one attempt only are not among them. */
  readonly headers: ReadonlyMap<string, string>
  /** This and what follows is told by servers with version 7 of the service protocol, which is experimental in Restate 1.7. */
  readonly idempotencyKey: string | undefined
  readonly scope: string | undefined
  readonly limitKey: string | undefined
}

/** What Restate counts an invocation to, on a server with scopes. */
export interface Scoping {
  readonly scope?: string
  readonly limitKey?: string
}

export interface CallRequest extends Scoping {
  readonly target: Target
  /** Encoded already. */
  readonly input: Uint8Array
  readonly outputSerde: Serde<unknown>
  readonly headers: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
}

export interface SendRequest extends Scoping {
  readonly target: Target
  /** Encoded already. */
  readonly input: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly delayMillis?: number
  readonly idempotencyKey?: string
}

/** Appends with the SDK's context, and answers with the promise of what it appended. */
export type UseContext = (context: Context) => RestatePromise<unknown>

/**
 * One attempt's view of its invocation's journal: Restate's context, or the testing engine's. Creating an operation
 * appends to the journal in call order, which must be the same on every attempt; awaiting happens in one place, `next`.
 */
export interface Journal {
  readonly target: Target
  readonly invocationId: string
  readonly request: RequestInfo
  /** What the server sends with this attempt: never for decisions. */
  readonly attemptHeaders: ReadonlyMap<string, string>
  /** W3C trace context of the attempt, when the server or the first caller sent one. */
  readonly traceparent: string | undefined
  /** Whether the caller asks for failures with their fields. */
  readonly typedFailures: boolean
  /** True while the attempt repeats what an earlier one journaled. */
  readonly replaying: () => boolean
  /** Aborted when the attempt is over for any reason: completed, suspended, failed, disconnected. */
  readonly attemptCompleted: AbortSignal
  readonly uuid: () => string
  /** Live time, for step timeouts and durations only: never for decisions. */
  readonly timer: (millis: number, fire: () => void) => () => void
  readonly liveMillis: () => number

  readonly run: (name: string, body: Body, options: RunOptions) => Pending
  readonly now: () => Pending
  readonly sleep: (millis: number, name: string | undefined) => Pending
  readonly get: <A>(name: string, serde: Serde<A>) => Pending
  readonly set: (name: string, bytes: Uint8Array) => void
  readonly clear: (name: string) => void
  readonly clearAll: () => void
  /** Completes with the names of all values in the state, in alphabetical order. */
  readonly stateKeys: () => Pending
  /** Of a workflow's durable promise: completes when it is completed. */
  readonly getPromise: <A>(name: string, serde: Serde<A>) => Pending
  /** Completes at once, with undefined while the promise is not completed. */
  readonly peekPromise: <A>(name: string, serde: Serde<A>) => Pending
  /** Completes when the promise is completed, or with a `TerminalError` of status 409 when it was before. */
  readonly resolvePromise: (name: string, bytes: Uint8Array) => Pending
  readonly rejectPromise: (name: string, reason: string) => Pending
  readonly call: (request: CallRequest) => { readonly result: Pending; readonly invocationId: Pending }
  readonly send: (request: SendRequest) => { readonly invocationId: Pending }
  readonly cancel: (invocationId: string) => void
  readonly awakeable: <A>(serde: Serde<A>) => { readonly id: string; readonly result: Pending }
  readonly resolveAwakeable: (id: string, bytes: Uint8Array) => void
  readonly rejectAwakeable: (id: string, reason: string) => void
  readonly signal: <A>(name: string, serde: Serde<A>) => Pending
  readonly resolveSignal: (invocationId: string, name: string, bytes: Uint8Array) => void
  readonly rejectSignal: (invocationId: string, name: string, reason: string) => void
  /** Completes with the result of another invocation. */
  readonly attach: (invocationId: string, outputSerde: Serde<unknown>) => Pending
  /** An operation that the SDK's context knows and this interface does not. */
  readonly fromContext: (name: string, use: UseContext) => Pending

  /**
   * The next completion among the parked waiters, in journal order: the same set has the same winner on every attempt.
   * Answers `Cancelled` each time the invocation has been cancelled. Never settles when the attempt ends first.
   */
  readonly next: (waiters: ReadonlySet<Waiter>) => Promise<Wakeup>
}
