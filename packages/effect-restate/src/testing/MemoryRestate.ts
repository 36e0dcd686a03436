import { Clock, Context, DefaultServices, Duration, Effect, FiberId, FiberRefs, Option, Runtime } from "effect"
import { bind } from "../attempt/BoundObject.ts"
import type { Target } from "../attempt/Journal.ts"
import { type Observer, silentObserver } from "../attempt/Observer.ts"
import type { Contract, Failure, HandlerName, Input, KeyedContract, Output } from "../contract/Contract.ts"
import type { Implementation } from "../contract/Implementation.ts"
import type { InvocationRef } from "../contract/InvocationRef.ts"
import { defaultLimits, type Limits } from "../contract/Limits.ts"
import { opaqueSerde } from "../contract/Serde.ts"
import { fromTerminal } from "../contract/TypedFailure.ts"
import { withKey } from "../contract/withKey.ts"
import { CallFailed } from "../operations/DurableError.ts"
import { notFound, rejected } from "./answers.ts"
import { Cluster } from "./Cluster.ts"
import type { ClusterOptions } from "./ClusterOptions.ts"
import type { Invocation, Stored } from "./Invocation.ts"
import { InvocationPaused, Stuck } from "./MemoryRestateError.ts"
import type { StartOptions } from "./StartOptions.ts"
import { VirtualTime } from "./VirtualTime.ts"

export interface MemoryRestateOptions extends ClusterOptions {
  /** Unix milliseconds at which virtual time begins. */
  readonly startMillis?: number
  /** Delivers every command of a client twice: both at once, or the second after the first has ended. */
  readonly duplicate?: "concurrent" | "sequential"
  readonly observer?: Observer
  /** What differs from `defaultLimits`, for the services and for what the engine's clients send and read. */
  readonly limits?: Partial<Limits>
}

type Answer<C extends Contract, H extends HandlerName<C>> = Effect.Effect<Output<C, H>, Failure<C, H> | CallFailed>

type Called<C extends Contract, H extends HandlerName<C>> = Effect.Effect<
  Output<C, H>,
  Failure<C, H> | CallFailed | InvocationPaused | Stuck
>

const defaultStart = Date.UTC(2030, 0, 1)
/** Real time that a body without a virtual sleep may take before time moves on regardless. */
const busyMillis = 50
const quietTurns = 3
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/**
 * Restate in memory: keyed objects, journals, delayed sends, retries, cancellation and suspension, on virtual time that
 * moves when everything waits. The same bridge runs on it as on the real server.
 */
export class MemoryRestate {
  readonly time: VirtualTime
  readonly #cluster: Cluster
  readonly #options: MemoryRestateOptions
  readonly #limits: Limits

  constructor(options: MemoryRestateOptions = {}) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.time = new VirtualTime(options.startMillis ?? defaultStart)
    this.#cluster = new Cluster(this.time, options)
  }

  /** Serves an implementation with the services of the calling fiber. Step bodies run on virtual time. */
  serve<R>(implementation: Implementation<R>): Effect.Effect<void, never, R> {
    return Effect.map(Effect.runtime<R>(), (runtime) => {
      const live = FiberRefs.getOrDefault(runtime.fiberRefs, DefaultServices.currentServices)
      const fiberRefs = FiberRefs.updateAs(runtime.fiberRefs, {
        fiberId: FiberId.runtime(0, 0),
        fiberRef: DefaultServices.currentServices,
        value: Context.add(live, Clock.Clock, this.time.clock)
      })
      const virtual = Runtime.make({ context: runtime.context, runtimeFlags: runtime.runtimeFlags, fiberRefs })
      this.#cluster.serve(bind(implementation, virtual, this.#options.observer ?? silentObserver, this.#limits))
    })
  }

  /** Calls a handler as a client would and moves time until it answers. */
  call<C extends Contract<"service">, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    input: Input<C, H>,
    options?: StartOptions
  ): Called<C, H>
  call<C extends KeyedContract, H extends HandlerName<C>>(
    contract: C,
    key: string,
    handler: H,
    input: Input<C, H>,
    options?: StartOptions
  ): Called<C, H>
  call(contract: Contract, ...args: ReadonlyArray<unknown>): Called<Contract, string> {
    const [key, handler, input, options] = withKey<[handler: string, input: unknown, options?: StartOptions]>(
      contract,
      args
    )
    return Effect.suspend(() =>
      this.result(this.#submit(contract, key, handler, input, { typedFailures: true, waits: true, ...options }))
    ).pipe(Effect.flatMap((stored) => this.#answer(contract, handler, stored)))
  }

  /** Sends a command as a client would and answers at once with the invocation. Time stands still. */
  submit<C extends Contract<"service">, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    input: Input<C, H>,
    options?: StartOptions
  ): Invocation
  submit<C extends KeyedContract, H extends HandlerName<C>>(
    contract: C,
    key: string,
    handler: H,
    input: Input<C, H>,
    options?: StartOptions
  ): Invocation
  submit(contract: Contract, ...args: ReadonlyArray<unknown>): Invocation {
    return this.#submit(contract, ...withKey<[handler: string, input: unknown, options?: StartOptions]>(contract, args))
  }

  #submit(contract: Contract, key: string, handler: string, input: unknown, options: StartOptions = {}): Invocation {
    const declared = contract.handlers[handler]
    const bytes =
      declared === undefined ? encode(input) : opaqueSerde(declared.input, this.#limits.payloadBytes).serialize(input)
    return this.request({ service: contract.name, key, handler }, bytes, options)
  }

  /** Moves time until an invocation ends that was asked for before, as `attach` of the ingress waits for it. */
  attach<C extends Contract, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    invocation: InvocationRef<C, H>
  ): Called<C, H> {
    return Effect.suspend(() => {
      const found = this.#cluster.find(contract.name, handler, invocation)
      return found === undefined ? Effect.succeed(notFound) : this.result(found)
    }).pipe(Effect.flatMap((stored) => this.#answer(contract, handler, stored)))
  }

  /** What `attach` would answer, or none while the invocation goes on. Time stands still. */
  output<C extends Contract, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    invocation: InvocationRef<C, H>
  ): Effect.Effect<Option.Option<Output<C, H>>, Failure<C, H> | CallFailed> {
    return Effect.gen(this, function* () {
      yield* this.settle
      const found = this.#cluster.find(contract.name, handler, invocation)
      if (found !== undefined && found.result === undefined) return Option.none()
      return Option.some(yield* this.#answer(contract, handler, found?.result ?? notFound))
    })
  }

  /** `submit` with the bytes of the request's body. */
  request(target: Target, body: Uint8Array, options: StartOptions = {}): Invocation {
    const first = this.#cluster.request(target, body, options)
    if (this.#options.duplicate === "concurrent") this.#cluster.request(target, body, options)
    if (this.#options.duplicate === "sequential") first.waiting.push(() => this.#cluster.request(target, body, options))
    return first
  }

  /** Moves time until the invocation has ended. */
  result(invocation: Invocation): Effect.Effect<Stored, InvocationPaused | Stuck> {
    return Effect.gen(this, function* () {
      yield* this.until(() => invocation.result !== undefined || invocation.status === "paused")
      if (invocation.result !== undefined) return invocation.result
      const { label, lastError, lastFailure = "" } = invocation
      return yield* new InvocationPaused({ invocation: label, reason: lastFailure, cause: lastError })
    })
  }

  /** Moves time until the condition holds. */
  until(holds: () => boolean): Effect.Effect<void, Stuck> {
    return Effect.gen(this, function* () {
      for (;;) {
        yield* this.settle
        if (holds()) return
        if (!this.time.fireNext()) return yield* new Stuck({ unfinished: this.#cluster.invocations.unfinished() })
      }
    })
  }

  /** Runs everything that can run while time stands still. */
  get settle(): Effect.Effect<void> {
    return Effect.promise(() => this.#quiesce())
  }

  /** Moves time by the duration, firing every timer on the way. */
  advance(duration: Duration.DurationInput): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      yield* this.settle
      const end = this.time.now + Duration.toMillis(duration)
      while (this.time.fireNext(end)) yield* this.settle
      this.time.moveTo(end)
    })
  }

  /** Moves time until nothing is scheduled any more: every delayed message has been delivered. */
  get drain(): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      yield* this.settle
      while (this.time.fireNext()) yield* this.settle
    })
  }

  /** Asks an invocation to cancel, as an operator would. */
  cancel(id: string): void {
    this.#cluster.cancel(id)
  }

  /** Ends an invocation as failed, with what it calls, as an operator would. None of its code runs, and no undo. */
  kill(id: string): void {
    this.#cluster.kill(id)
  }

  /** Ends what runs of an invocation, as an operator would. It does nothing before `resume`. */
  pause(id: string): void {
    this.#cluster.pause(id)
  }

  /** Starts an attempt of what is paused, suspended or waits for its next try; its failures so far do not count any more. */
  resume(id: string): void {
    this.#cluster.resume(id)
  }

  /** Ends every running attempt, as the death of the process does, and starts new ones. */
  crash(): void {
    this.#cluster.attempts.crash()
  }

  signal(id: string, name: string, value: unknown): void {
    this.#cluster.signal(id, name, { ok: true, bytes: encode(value) })
  }

  resolveAwakeable(id: string, value: unknown): void {
    this.#cluster.completeAwakeable(id, { ok: true, bytes: encode(value) })
  }

  rejectAwakeable(id: string, reason: string): void {
    this.#cluster.completeAwakeable(id, rejected(reason, 500))
  }

  get invocations(): ReadonlyArray<Invocation> {
    return this.#cluster.invocations.all
  }

  /** An object's state, decoded as JSON. */
  stateOf(service: string, key: string): Readonly<Record<string, unknown>> {
    const entries = [...this.#cluster.stateOf({ service, key })]
    return Object.fromEntries(entries.map(([name, bytes]) => [name, JSON.parse(new TextDecoder().decode(bytes))]))
  }

  /** Puts a value into an object's state, as an older version of the service would have left it. */
  setState(service: string, key: string, name: string, value: unknown): void {
    this.#cluster.stateOf({ service, key }).set(name, encode(value))
  }

  #answer<C extends Contract, H extends HandlerName<C>>(contract: C, handler: H, stored: Stored): Answer<C, H> {
    const declared = contract.handlers[handler]
    if (declared === undefined) return Effect.dieMessage(`${contract.name} has no handler ${handler}`)
    const { payloadBytes } = this.#limits
    const decoded = (): Effect.Effect<unknown, unknown> => {
      if (stored.ok) return Effect.succeed(opaqueSerde(declared.output, payloadBytes).deserialize(stored.bytes))
      const { code, message } = stored.error
      const typed = fromTerminal(declared.error, stored.error)
      const untyped = () => new CallFailed({ target: `${contract.name}/${handler}`, code, reason: message })
      return Effect.fail(Option.getOrElse(typed, untyped))
    }
    // Decoded by the contract's schemas, which is where the types come from.
    return decoded() as Answer<C, H>
  }

  async #quiesce(): Promise<void> {
    const { attempts } = this.#cluster
    let seen = -1
    let quiet = 0
    let since = performance.now()
    while (quiet < quietTurns) {
      await new Promise((resolve) => setImmediate(resolve))
      attempts.acknowledgeHeld()
      const busy = attempts.busyBodies > 0
      if (attempts.progress !== seen || attempts.driving) {
        seen = attempts.progress
        quiet = 0
        since = performance.now()
      } else if (!busy || performance.now() - since > busyMillis) quiet++
    }
  }
}
