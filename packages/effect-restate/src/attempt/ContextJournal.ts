import {
  type InvocationId,
  type InvocationReference,
  type Serde as SdkSerde,
  serde as sdkSerde
} from "@restatedev/restate-sdk"
import type { Serde } from "../contract/Serde.ts"
import { typedFailuresHeader } from "../contract/TypedFailure.ts"
import type { Body, CallRequest, Pending, RequestInfo, Scoping, SendRequest, Target } from "./Journal.ts"
import type { SdkContext } from "./StateMachine.ts"

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Journals the Unix time in milliseconds. */
export const writeNow: Body = (answer) => answer(encoder.encode(String(Date.now())))
export const readMillis = (bytes: Uint8Array): number => Number(decoder.decode(bytes))

/**
 * What completes an entry. `state`: the server answers at once, and an absent value is null. `result`: whatever succeeds has
 * a value. `other`: there may be no value, which is undefined.
 */
export type EntryKind = "state" | "result" | "other"

/** An entry that is about to be appended: the serde that the SDK reads it with, and how its promise is awaited. */
export interface AppendedEntry<P> {
  readonly serde: SdkSerde<unknown>
  readonly pendingOn: (promise: Promise<unknown>) => P
}

/** The SDK's maps hold texts only, whatever their type says: the protocol has one value for a name. */
const plainHeaders = (headers: ReadonlyMap<string, string | Array<string> | undefined>): ReadonlyMap<string, string> =>
  new Map(Array.from(headers, ([name, value]) => [name.toLowerCase(), [value ?? ""].flat().join(", ")]))

const scopingOf = ({ limitKey, scope }: Scoping): Scoping => ({
  ...(scope === undefined ? {} : { scope }),
  ...(limitKey === undefined ? {} : { limitKey })
})

/** What the journals on the SDK's context have in common: all operations but steps. They differ in how they await them. */
export abstract class ContextJournal<P extends Pending> {
  readonly target: Target
  protected readonly context: SdkContext

  constructor(context: SdkContext) {
    const { service, handler, key } = context.request().target
    this.target = { service, handler, key: key ?? "" }
    this.context = context
  }

  protected abstract entry(kind: EntryKind, serde?: Serde<unknown>): AppendedEntry<P>

  get invocationId(): string {
    return this.context.request().id
  }

  get request(): RequestInfo {
    const { headers, idempotencyKey, limitKey, scope } = this.context.request()
    return { headers: plainHeaders(headers), idempotencyKey, limitKey, scope }
  }

  get attemptHeaders(): ReadonlyMap<string, string> {
    return plainHeaders(this.context.request().attemptHeaders)
  }

  get traceparent(): string | undefined {
    const { attemptHeaders, headers } = this.context.request()
    const value = attemptHeaders.get("traceparent") ?? headers.get("traceparent")
    return typeof value === "string" ? value : undefined
  }

  get typedFailures(): boolean {
    return this.context.request().headers.has(typedFailuresHeader)
  }

  get attemptCompleted(): AbortSignal {
    return this.context.request().attemptCompletedSignal
  }

  replaying(): boolean {
    return !this.context.isProcessing()
  }

  uuid(): string {
    return this.context.rand.uuidv4()
  }

  liveMillis(): number {
    return performance.now()
  }

  timer(millis: number, fire: () => void): () => void {
    const timer = setTimeout(fire, millis)
    return () => clearTimeout(timer)
  }

  sleep(millis: number, name: string | undefined): P {
    return this.entry("other").pendingOn(this.context.sleep(millis, name))
  }

  get<A>(name: string, serde: Serde<A>): P {
    const entry = this.entry("state", serde as Serde<unknown>)
    return entry.pendingOn(this.context.get(name, entry.serde))
  }

  set(name: string, bytes: Uint8Array): void {
    this.context.set(name, bytes, sdkSerde.binary)
  }

  clear(name: string): void {
    this.context.clear(name)
  }

  clearAll(): void {
    this.context.clearAll()
  }

  stateKeys(): P {
    return this.entry("other").pendingOn(this.context.stateKeys())
  }

  getPromise<A>(name: string, serde: Serde<A>): P {
    const entry = this.entry("other", serde as Serde<unknown>)
    return entry.pendingOn(this.context.promise(name, entry.serde).get())
  }

  peekPromise<A>(name: string, serde: Serde<A>): P {
    const entry = this.entry("other", serde as Serde<unknown>)
    return entry.pendingOn(this.context.promise(name, entry.serde).peek())
  }

  resolvePromise(name: string, bytes: Uint8Array): P {
    return this.entry("other").pendingOn(this.context.promise(name, sdkSerde.binary).resolve(bytes))
  }

  rejectPromise(name: string, reason: string): P {
    return this.entry("other").pendingOn(this.context.promise(name, sdkSerde.binary).reject(reason))
  }

  call(request: CallRequest): { readonly result: P; readonly invocationId: P } {
    const { target, input, outputSerde, headers, idempotencyKey } = request
    const entry = this.entry("result", outputSerde)
    const promise = this.context.genericCall({
      service: target.service,
      method: target.handler,
      key: target.key,
      parameter: input,
      headers: { ...headers },
      inputSerde: sdkSerde.binary,
      outputSerde: entry.serde,
      ...scopingOf(request),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey })
    })
    return { result: entry.pendingOn(promise), invocationId: this.entry("other").pendingOn(promise.invocationId) }
  }

  send(request: SendRequest): { readonly invocationId: P } {
    const { target, input, delayMillis, headers, idempotencyKey } = request
    const handle = this.context.genericSend({
      service: target.service,
      method: target.handler,
      key: target.key,
      parameter: input,
      headers: { ...headers },
      inputSerde: sdkSerde.binary,
      ...scopingOf(request),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(delayMillis === undefined ? {} : { delay: delayMillis })
    })
    return { invocationId: this.entry("other").pendingOn(handle.invocationId) }
  }

  cancel(invocationId: string): void {
    // The SDK brands ids that it parsed; ours come from the SDK or from an operator, and Restate checks them.
    this.context.cancel(invocationId as InvocationId)
  }

  awakeable<A>(serde: Serde<A>): { readonly id: string; readonly result: P } {
    const entry = this.entry("other", serde as Serde<unknown>)
    const { id, promise } = this.context.awakeable(entry.serde)
    return { id, result: entry.pendingOn(promise) }
  }

  resolveAwakeable(id: string, bytes: Uint8Array): void {
    this.context.resolveAwakeable(id, bytes, sdkSerde.binary)
  }

  rejectAwakeable(id: string, reason: string): void {
    this.context.rejectAwakeable(id, reason)
  }

  signal<A>(name: string, serde: Serde<A>): P {
    const entry = this.entry("other", serde as Serde<unknown>)
    return entry.pendingOn(this.context.signal(name, entry.serde))
  }

  resolveSignal(invocationId: string, name: string, bytes: Uint8Array): void {
    this.#invocation(invocationId).signal(name, sdkSerde.binary).resolve(bytes)
  }

  rejectSignal(invocationId: string, name: string, reason: string): void {
    this.#invocation(invocationId).signal(name).reject(reason)
  }

  attach(invocationId: string, outputSerde: Serde<unknown>): P {
    const entry = this.entry("result", outputSerde)
    return entry.pendingOn(this.#invocation(invocationId).attach(entry.serde))
  }

  /** As in `cancel`: Restate checks the id. */
  #invocation(invocationId: string): InvocationReference {
    return this.context.invocation(invocationId as InvocationId)
  }
}
