import {
  CancelledError,
  type InvocationId,
  type internal,
  type ObjectContext,
  RestatePromise,
  type Serde as SdkSerde
} from "@restatedev/restate-sdk"
import type {
  CallRequest,
  Completion,
  Journal,
  Pending,
  RunOptions,
  SendRequest,
  Target,
  Waiter,
  Wakeup
} from "./Journal.ts"
import type { Serde } from "./Serde.ts"

export type SdkContext = ObjectContext & internal.ContextInternal

interface Tagged {
  readonly pending: SdkPending
  readonly completion: Completion
}

const cancelled = Symbol("cancelled")

/** Restate's promise, and the same promise with its answer tagged, so that the winner of a race can be told. */
class SdkPending implements Pending {
  readonly _tag = "Pending"
  readonly promise: RestatePromise<unknown>
  #tagged: RestatePromise<Tagged> | undefined

  // Several of the SDK's methods are typed as Promise although they answer with a RestatePromise.
  constructor(promise: Promise<unknown>) {
    this.promise = promise as RestatePromise<unknown>
  }

  get tagged(): RestatePromise<Tagged> {
    this.#tagged ??= this.promise.map((value, failure) => ({
      pending: this,
      completion: failure === undefined ? { ok: true, value } : { ok: false, error: failure }
    }))
    return this.#tagged
  }
}

const sdkSerde = <A>(serde: Serde<A>): SdkSerde<A> => serde

const completionOf = async (promise: Promise<unknown>): Promise<Completion> => {
  try {
    return { ok: true, value: await promise }
  } catch (error) {
    return { ok: false, error }
  }
}

/** The journal of an invocation as Restate's SDK shows it to one attempt. */
export class SdkJournal implements Journal {
  readonly target: Target
  readonly #context: SdkContext
  readonly #explicit: boolean
  #cancellation: RestatePromise<typeof cancelled> | undefined

  constructor(context: SdkContext, explicitCancellation: boolean) {
    const { service, handler, key } = context.request().target
    this.target = { service, handler, key: key ?? "" }
    this.#context = context
    this.#explicit = explicitCancellation
  }

  get invocationId(): string {
    return this.#context.request().id
  }

  get traceparent(): string | undefined {
    const { attemptHeaders, headers } = this.#context.request()
    const value = attemptHeaders.get("traceparent") ?? headers.get("traceparent")
    return typeof value === "string" ? value : undefined
  }

  get attemptCompleted(): AbortSignal {
    return this.#context.request().attemptCompletedSignal
  }

  replaying(): boolean {
    return !this.#context.isProcessing()
  }

  uuid(): string {
    return this.#context.rand.uuidv4()
  }

  liveMillis(): number {
    return performance.now()
  }

  timer(millis: number, fire: () => void): () => void {
    const timer = setTimeout(fire, millis)
    return () => clearTimeout(timer)
  }

  run<A>(name: string, body: () => Promise<A>, options: RunOptions<A>): SdkPending {
    const { serde, maxAttempts, maxDurationMillis, initialIntervalMillis, maxIntervalMillis, factor } = options
    return new SdkPending(
      this.#context.run(name, body, {
        serde: sdkSerde(serde),
        ...(maxAttempts === undefined ? {} : { maxRetryAttempts: maxAttempts }),
        ...(maxDurationMillis === undefined ? {} : { maxRetryDuration: maxDurationMillis }),
        ...(initialIntervalMillis === undefined ? {} : { initialRetryInterval: initialIntervalMillis }),
        ...(maxIntervalMillis === undefined ? {} : { maxRetryInterval: maxIntervalMillis }),
        ...(factor === undefined ? {} : { retryIntervalFactor: factor })
      })
    )
  }

  now(): SdkPending {
    return new SdkPending(this.#context.run("now", () => Date.now()))
  }

  sleep(millis: number, name: string | undefined): SdkPending {
    return new SdkPending(this.#context.sleep(millis, name))
  }

  get<A>(name: string, serde: Serde<A>): SdkPending {
    return new SdkPending(this.#context.get<A>(name, sdkSerde(serde)))
  }

  set<A>(name: string, value: A, serde: Serde<A>): void {
    this.#context.set<A>(name, value, sdkSerde(serde))
  }

  clear(name: string): void {
    this.#context.clear(name)
  }

  call(request: CallRequest): { readonly result: SdkPending; readonly invocationId: SdkPending } {
    const { target, input, inputSerde, outputSerde, idempotencyKey } = request
    const promise = this.#context.genericCall({
      service: target.service,
      method: target.handler,
      key: target.key,
      parameter: input,
      inputSerde,
      outputSerde,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey })
    })
    return { result: new SdkPending(promise), invocationId: new SdkPending(promise.invocationId) }
  }

  send(request: SendRequest): { readonly invocationId: SdkPending } {
    const { target, input, inputSerde, delayMillis, idempotencyKey } = request
    const handle = this.#context.genericSend({
      service: target.service,
      method: target.handler,
      key: target.key,
      parameter: input,
      inputSerde,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(delayMillis === undefined ? {} : { delay: delayMillis })
    })
    return { invocationId: new SdkPending(handle.invocationId) }
  }

  cancel(invocationId: string): void {
    // The SDK brands ids that it parsed; ours come from the SDK or from an operator, and Restate checks them.
    this.#context.cancel(invocationId as InvocationId)
  }

  awakeable<A>(serde: Serde<A>): { readonly id: string; readonly result: SdkPending } {
    const { id, promise } = this.#context.awakeable<A>(sdkSerde(serde))
    return { id, result: new SdkPending(promise) }
  }

  resolveAwakeable<A>(id: string, value: A, serde: Serde<A>): void {
    this.#context.resolveAwakeable<A>(id, value, sdkSerde(serde))
  }

  rejectAwakeable(id: string, reason: string): void {
    this.#context.rejectAwakeable(id, reason)
  }

  signal<A>(name: string, serde: Serde<A>): SdkPending {
    return new SdkPending(this.#context.signal<A>(name, sdkSerde(serde)))
  }

  /**
   * The one place that awaits the SDK: it allows a single waiter. A promise that was awaited when an implicit
   * cancellation arrived stays rejected for good, so after a cancellation only fresh races are awaited.
   */
  async next(waiters: ReadonlySet<Waiter>, cancelRequested: boolean): Promise<Wakeup> {
    const [first] = waiters
    if (first !== undefined && waiters.size === 1 && !this.#explicit && !cancelRequested) {
      const completion = await completionOf(pendingOf(first).promise)
      if (!completion.ok && completion.error instanceof CancelledError) return { _tag: "Cancelled" }
      return { _tag: "Completed", waiter: first, completion }
    }
    const race: Array<RestatePromise<Tagged | typeof cancelled>> = []
    for (const waiter of waiters) race.push(pendingOf(waiter).tagged)
    if (this.#explicit && !cancelRequested) race.push(this.#cancelledOnce())
    const outcome = await completionOf(RestatePromise.race(race))
    if (!outcome.ok) {
      if (!this.#explicit && outcome.error instanceof CancelledError) return { _tag: "Cancelled" }
      throw outcome.error
    }
    if (outcome.value === cancelled) return { _tag: "Cancelled" }
    // Everything else in the race is a tagged pending.
    const { pending, completion } = outcome.value as Tagged
    for (const waiter of waiters) if (waiter.pending === pending) return { _tag: "Completed", waiter, completion }
    throw new TypeError("a race was won by an entry that nobody waits for")
  }

  #cancelledOnce(): RestatePromise<typeof cancelled> {
    this.#cancellation ??= this.#context.cancellation().map((): typeof cancelled => cancelled)
    return this.#cancellation
  }
}

const pendingOf = (waiter: Waiter): SdkPending => {
  // Every pending an attempt parks on was made by its own journal.
  return waiter.pending as SdkPending
}
