import { CancelledError, RestatePromise, type Serde as SdkSerde, serde as sdkSerde } from "@restatedev/restate-sdk"
import type { Serde } from "../contract/Serde.ts"
import { type AppendedEntry, ContextJournal, type EntryKind, readMillis, writeNow } from "./ContextJournal.ts"
import type { Body, Completion, Journal, Pending, RunOptions, UseContext, Waiter, Wakeup } from "./Journal.ts"
import type { SdkContext } from "./StateMachine.ts"

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
  readonly #kind: EntryKind
  #mapped: RestatePromise<unknown> | undefined

  // Several of the SDK's methods are typed as Promise although they answer with a RestatePromise.
  constructor(promise: Promise<unknown>, entry: EntryIdentity, kind: EntryKind) {
    this.promise = promise as RestatePromise<unknown>
    this.entry = entry
    this.#kind = kind
  }

  /** What the server answers at once: a cancellation loses nothing by waiting for it. */
  get prompt(): boolean {
    return this.#kind === "state"
  }

  /** Succeeds with an `Answer`, or fails without saying whose failure it is. */
  get contender(): RestatePromise<unknown> {
    // The serde makes every success of such an entry an `Answer`: sparing the SDK a mapped promise is most of what a race costs.
    return this.#kind === "result" ? this.promise : this.mapped
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

/** What a body answers with is bytes. */
const encodedAlready = (bytes: unknown): Uint8Array => bytes as Uint8Array

const completionOf = async (promise: Promise<unknown>): Promise<Completion> => {
  try {
    return { ok: true, value: await promise }
  } catch (error) {
    return { ok: false, error }
  }
}

/** The journal of an invocation through the promises of Restate's SDK, which is its public interface. */
export class SdkJournal extends ContextJournal<SdkPending> implements Journal {
  readonly #explicit: boolean
  #cancelled = false

  constructor(context: SdkContext, explicitCancellation: boolean) {
    super(context)
    this.#explicit = explicitCancellation
  }

  protected entry(kind: EntryKind, serde?: Serde<unknown>): AppendedEntry<SdkPending> {
    const identity = new EntryIdentity()
    return {
      serde: serde === undefined ? sdkSerde.binary : answering(identity, serde),
      pendingOn: (promise) => new SdkPending(promise, identity, kind)
    }
  }

  run(name: string, body: Body, options: RunOptions): SdkPending {
    const { decode, maxAttempts, maxDurationMillis, initialIntervalMillis, maxIntervalMillis, factor } = options
    const execute = () =>
      new Promise<unknown>((resolve, reject) =>
        body((result) => (result instanceof Error ? reject(result) : resolve(result)))
      )
    const entry = this.entry("result", { serialize: encodedAlready, deserialize: decode })
    const promise = this.context.run(name, execute, {
      serde: entry.serde,
      ...(maxAttempts === undefined ? {} : { maxRetryAttempts: maxAttempts }),
      ...(maxDurationMillis === undefined ? {} : { maxRetryDuration: maxDurationMillis }),
      ...(initialIntervalMillis === undefined ? {} : { initialRetryInterval: initialIntervalMillis }),
      ...(maxIntervalMillis === undefined ? {} : { maxRetryInterval: maxIntervalMillis }),
      ...(factor === undefined ? {} : { retryIntervalFactor: factor })
    })
    return entry.pendingOn(promise)
  }

  fromContext(_name: string, use: UseContext): SdkPending {
    return this.entry("other").pendingOn(use(this.context))
  }

  now(): SdkPending {
    return this.run("now", writeNow, { decode: readMillis })
  }

  /**
   * The one place that awaits the SDK: it allows a single waiter. A promise that was awaited when an implicit
   * cancellation arrived stays rejected for good, so after a cancellation only fresh races are awaited.
   */
  async next(waiters: ReadonlySet<Waiter>): Promise<Wakeup> {
    const only = waiters.size === 1 ? [...waiters][0] : undefined
    const race = (): RestatePromise<unknown> => {
      const contenders = Array.from(waiters, (waiter) => pendingOf(waiter).contender)
      if (this.#explicit) contenders.push(this.context.cancellation())
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
  throw new TypeError("a race was won by an entry without a waiter")
}

const pendingOf = (waiter: Waiter): SdkPending => {
  // Every pending an attempt parks on was made by its own journal.
  return waiter.pending as SdkPending
}
