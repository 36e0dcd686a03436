import {
  CancelledError,
  type InvocationId,
  type internal,
  type ObjectContext,
  RestatePromise,
  type Serde as SdkSerde,
  serde as sdkSerde
} from "@restatedev/restate-sdk"
import type { Serde } from "../contract/Serde.ts"
import { typedFailuresHeader } from "../contract/TypedFailure.ts"
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

export type SdkContext = ObjectContext & internal.ContextInternal

/** Which entry an answer belongs to; known before there is a promise, because the entry's serde needs it. */
class EntryIdentity {}

/** What came of an entry, and of which: the SDK's race does not say who won it. */
class Answer {
  readonly entry: EntryIdentity
  readonly completion: Completion

  constructor(entry: EntryIdentity, completion: Completion) {
    this.entry = entry
    this.completion = completion
  }
}

/** The same serde, except that what it reads comes as an `Answer`. What does not fit the schema is an answer too. */
const answering = <A>(entry: EntryIdentity, serde: Serde<A>): SdkSerde<A> => {
  const deserialize = (bytes: Uint8Array): Answer => {
    try {
      return new Answer(entry, { ok: true, value: serde.deserialize(bytes) })
    } catch (error) {
      // Inside a race the SDK would swallow it and wait for ever.
      return new Answer(entry, { ok: false, error })
    }
  }
  // The SDK hands on what the serde made without looking at it; `next` takes it apart.
  return { serialize: (value: A) => serde.serialize(value), deserialize } as unknown as SdkSerde<A>
}

/** Restate's promise for an entry, and how it takes part in a race. */
class SdkPending implements Pending {
  readonly _tag = "Pending"
  readonly entry: EntryIdentity
  readonly promise: RestatePromise<unknown>
  /** True when the serde makes every success an `Answer`: sparing the SDK a mapped promise is most of what a race costs. */
  readonly #answers: boolean
  /** True for what the server answers at once, such as state: a cancellation loses nothing by waiting for it. */
  readonly prompt: boolean
  #mapped: RestatePromise<unknown> | undefined

  // Several of the SDK's methods are typed as Promise although they answer with a RestatePromise.
  constructor(promise: Promise<unknown>, entry = new EntryIdentity(), answers = false, prompt = false) {
    this.promise = promise as RestatePromise<unknown>
    this.entry = entry
    this.#answers = answers
    this.prompt = prompt
  }

  /** Succeeds with an `Answer`, or fails without saying whose failure it is. */
  get contender(): RestatePromise<unknown> {
    return this.#answers ? this.promise : this.mapped
  }

  /** Succeeds with an `Answer` whatever came of the entry. */
  get mapped(): RestatePromise<unknown> {
    this.#mapped ??= this.promise.map((value, failure) =>
      failure === undefined ? this.answer(value) : new Answer(this.entry, { ok: false, error: failure })
    )
    return this.#mapped
  }

  answer(value: unknown): Answer {
    return value instanceof Answer ? value : new Answer(this.entry, { ok: true, value })
  }
}

const millisSerde: Serde<number> = {
  serialize: (millis) => new TextEncoder().encode(JSON.stringify(millis)),
  deserialize: (bytes) => Number(new TextDecoder().decode(bytes))
}

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
  #cancelled = false

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

  get typedFailures(): boolean {
    return this.#context.request().headers.has(typedFailuresHeader)
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
    const entry = new EntryIdentity()
    const promise = this.#context.run(name, body, {
      serde: answering(entry, serde),
      ...(maxAttempts === undefined ? {} : { maxRetryAttempts: maxAttempts }),
      ...(maxDurationMillis === undefined ? {} : { maxRetryDuration: maxDurationMillis }),
      ...(initialIntervalMillis === undefined ? {} : { initialRetryInterval: initialIntervalMillis }),
      ...(maxIntervalMillis === undefined ? {} : { maxRetryInterval: maxIntervalMillis }),
      ...(factor === undefined ? {} : { retryIntervalFactor: factor })
    })
    return new SdkPending(promise, entry, true)
  }

  now(): SdkPending {
    return this.run("now", async () => Date.now(), { serde: millisSerde })
  }

  sleep(millis: number, name: string | undefined): SdkPending {
    return new SdkPending(this.#context.sleep(millis, name))
  }

  get<A>(name: string, serde: Serde<A>): SdkPending {
    const entry = new EntryIdentity()
    return new SdkPending(this.#context.get<A>(name, answering(entry, serde)), entry, false, true)
  }

  set(name: string, bytes: Uint8Array): void {
    this.#context.set(name, bytes, sdkSerde.binary)
  }

  clear(name: string): void {
    this.#context.clear(name)
  }

  call(request: CallRequest): { readonly result: SdkPending; readonly invocationId: SdkPending } {
    const { target, input, outputSerde, headers, idempotencyKey } = request
    const entry = new EntryIdentity()
    const promise = this.#context.genericCall({
      service: target.service,
      method: target.handler,
      key: target.key,
      parameter: input,
      headers: { ...headers },
      inputSerde: sdkSerde.binary,
      outputSerde: answering(entry, outputSerde),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey })
    })
    return { result: new SdkPending(promise, entry, true), invocationId: new SdkPending(promise.invocationId) }
  }

  send(request: SendRequest): { readonly invocationId: SdkPending } {
    const { target, input, delayMillis, idempotencyKey } = request
    const handle = this.#context.genericSend({
      service: target.service,
      method: target.handler,
      key: target.key,
      parameter: input,
      inputSerde: sdkSerde.binary,
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
    const entry = new EntryIdentity()
    const { id, promise } = this.#context.awakeable<A>(answering(entry, serde))
    return { id, result: new SdkPending(promise, entry) }
  }

  resolveAwakeable(id: string, bytes: Uint8Array): void {
    this.#context.resolveAwakeable(id, bytes, sdkSerde.binary)
  }

  rejectAwakeable(id: string, reason: string): void {
    this.#context.rejectAwakeable(id, reason)
  }

  signal<A>(name: string, serde: Serde<A>): SdkPending {
    const entry = new EntryIdentity()
    return new SdkPending(this.#context.signal<A>(name, answering(entry, serde)), entry)
  }

  /**
   * The one place that awaits the SDK: it allows a single waiter. A promise that was awaited when an implicit
   * cancellation arrived stays rejected for good, so after a cancellation only fresh races are awaited.
   */
  async next(waiters: ReadonlySet<Waiter>): Promise<Wakeup> {
    const only = waiters.size === 1 ? [...waiters][0] : undefined
    const race = (): RestatePromise<unknown> => {
      const contenders = Array.from(waiters, (waiter) => pendingOf(waiter).contender)
      if (this.#explicit) contenders.push(this.#context.cancellation())
      return RestatePromise.race(contenders)
    }
    const single = only === undefined ? undefined : pendingOf(only)
    const alone = (this.#explicit ? single?.prompt : !this.#cancelled) ? single : undefined
    const outcome = await completionOf(alone === undefined ? race() : alone.promise)
    if (outcome.ok) {
      if (alone !== undefined) return wakeup(waiters, alone.answer(outcome.value))
      // Every other contender succeeds with an answer.
      return outcome.value instanceof Answer ? wakeup(waiters, outcome.value) : { _tag: "Cancelled" }
    }
    const { error } = outcome
    if (!this.#explicit && error instanceof CancelledError) {
      this.#cancelled = true
      return { _tag: "Cancelled" }
    }
    if (only !== undefined) return { _tag: "Completed", waiter: only, completion: { ok: false, error } }
    return this.#failed(waiters)
  }

  /** Who lost a race with a failure: that one has an answer already, so another race among all of them ends at once with it. */
  async #failed(waiters: ReadonlySet<Waiter>): Promise<Wakeup> {
    const answer = await RestatePromise.race(Array.from(waiters, (waiter) => pendingOf(waiter).mapped))
    if (answer instanceof Answer) return wakeup(waiters, answer)
    throw new TypeError("a race ended without an answer")
  }
}

const wakeup = (waiters: ReadonlySet<Waiter>, { entry, completion }: Answer): Wakeup => {
  for (const waiter of waiters) {
    if (pendingOf(waiter).entry === entry) return { _tag: "Completed", waiter, completion }
  }
  throw new TypeError("a race was won by an entry that nobody waits for")
}

const pendingOf = (waiter: Waiter): SdkPending => {
  // Every pending an attempt parks on was made by its own journal.
  return waiter.pending as SdkPending
}
