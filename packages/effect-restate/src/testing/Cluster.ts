import type { BoundObject } from "../attempt/BoundObject.ts"
import type { Target } from "../attempt/Journal.ts"
import type { AnyInvocationRef } from "../contract/InvocationRef.ts"
import { Attempts, type AttemptsServer } from "./Attempts.ts"
import { attempted, notFound, refusedKey, refusedRun, rejected } from "./answers.ts"
import type { ClusterOptions } from "./ClusterOptions.ts"
import type { JournalPoint } from "./Fault.ts"
import type { Entry, Invocation, ScopedTarget, Stored } from "./Invocation.ts"
import { InvocationRegistry } from "./InvocationRegistry.ts"
import { KeyedObjects } from "./KeyedObjects.ts"
import { Signals } from "./Signals.ts"
import type { StartOptions } from "./StartOptions.ts"
import type { VirtualTime } from "./VirtualTime.ts"

/** The part of the engine that plays the server: invocations, the keys that they wait for, and what they do to each other. */
export class Cluster {
  readonly invocations = new InvocationRegistry()
  readonly attempts: Attempts
  readonly #time: VirtualTime
  readonly #options: ClusterOptions
  readonly #bound = new Map<string, BoundObject>()
  readonly #objects: KeyedObjects
  readonly #signals = new Signals()

  constructor(time: VirtualTime, options: ClusterOptions) {
    this.#time = time
    this.#objects = new KeyedObjects(time)
    this.#options = options
    this.attempts = new Attempts({
      time,
      options,
      bound: (service) => this.#bound.get(service),
      effects: this.#effects,
      complete: (invocation, result) => this.#complete(invocation, result),
      reached: (point) => this.#reached(point)
    })
  }

  serve(bound: BoundObject): void {
    this.#bound.set(bound.contract.name, bound)
  }

  /** As the ingress does, which takes no idempotency key where the id of a workflow is one. A handler may send one. */
  request(target: Target, input: Uint8Array, options: StartOptions): Invocation {
    if (options.idempotencyKey !== undefined && this.#isRun(target)) return refusedKey(target, input, options)
    return this.start(target, input, options)
  }

  start(unscoped: Target, input: Uint8Array, options: StartOptions = {}): Invocation {
    const { delayMillis = 0, idempotencyKey, scope } = options
    const target: ScopedTarget = scope === undefined ? unscoped : { ...unscoped, scope }
    const path = this.#pathOf(target)
    const run = this.#isRun(target) ? this.#objects.of(target) : undefined
    if (run?.run !== undefined) return options.waits === true ? refusedRun(run.run) : run.run
    const known = idempotencyKey === undefined ? undefined : this.invocations.withKey(path, idempotencyKey)
    if (known !== undefined && run === undefined) return known
    const invocation = this.invocations.add(path, target, input, options)
    if (run !== undefined) run.run = invocation
    this.attempts.advanced()
    if (delayMillis > 0) this.#time.after(delayMillis, () => this.#admit(invocation))
    else this.#admit(invocation)
    return invocation
  }

  cancel(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation === undefined || invocation.status === "completed") return
    if (invocation.status === "queued") {
      this.#complete(invocation, rejected("cancelled", 409))
      return
    }
    invocation.order.push("cancelled")
    this.attempts.wake(invocation)
  }

  kill(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation === undefined || invocation.status === "completed") return
    this.attempts.stop(invocation)
    this.#complete(invocation, rejected("killed", 409))
    for (const callee of this.invocations.all) if (callee.caller === invocation) this.kill(callee.id)
  }

  pause(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation?.status !== "running" && invocation?.status !== "backing-off") return
    this.attempts.stop(invocation)
    invocation.status = "paused"
  }

  resume(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation === undefined || !["paused", "suspended", "backing-off"].includes(invocation.status)) return
    this.attempts.resume(invocation)
  }

  signal(id: string, name: string, stored: Stored): void {
    const invocation = this.invocations.get(id)
    const awaits = ({ answer, kind, name: awaited }: Entry) =>
      kind === "signal" && awaited === name && answer === undefined
    const entry = invocation?.entries.find(awaits)
    if (invocation !== undefined && entry !== undefined) this.#completed(invocation, entry, stored)
    else this.#signals.keep(id, name, stored)
  }

  completeAwakeable(id: string, stored: Stored): void {
    const [, invocationId = "", index] = /^prom_(.*)_(\d+)$/su.exec(id) ?? []
    const invocation = this.invocations.get(invocationId)
    const entry = invocation?.entries[Number(index)]
    if (invocation !== undefined && entry?.kind === "awakeable") this.#completed(invocation, entry, stored)
  }

  /** The invocation that is named so, if Restate knows one. */
  find(service: string, handler: string, ref: AnyInvocationRef): Invocation | undefined {
    if ("invocationId" in ref) return this.invocations.get(ref.invocationId)
    const scope = ref.scope === undefined ? {} : { scope: ref.scope }
    if ("workflowId" in ref) return this.#objects.of({ service, key: ref.workflowId, ...scope }).run
    const key = "key" in ref ? ref.key : ""
    return this.invocations.withKey(this.#pathOf({ service, handler, key, ...scope }), ref.idempotencyKey)
  }

  stateOf(target: Omit<ScopedTarget, "handler">): Map<string, Uint8Array> {
    return this.#objects.of(target).state
  }

  /** As in the ingress: a service has no key. */
  #pathOf({ handler, key, scope, service }: ScopedTarget): string {
    const keyed = this.#bound.get(service)?.contract.kind !== "service"
    const path = keyed ? `${service}/${key}/${handler}` : `${service}/${handler}`
    return scope === undefined ? path : `scope/${scope}/${path}`
  }

  #isRun({ handler, service }: Target): boolean {
    return handler === "run" && this.#bound.get(service)?.contract.kind === "workflow"
  }

  #admit(invocation: Invocation): void {
    const declared = this.#bound.get(invocation.target.service)?.contract.handlers[invocation.target.handler]
    if (declared === undefined || declared.mode === "shared") return this.attempts.begin(invocation)
    const object = this.#objects.of(invocation.target)
    if (object.holder !== undefined) {
      object.queue.push(invocation)
      return
    }
    object.holder = invocation
    this.attempts.begin(invocation)
  }

  #complete(invocation: Invocation, result: Stored): void {
    invocation.status = "completed"
    invocation.result = result
    this.attempts.advanced()
    for (const wake of invocation.waiting.splice(0)) wake(result)
    const object = this.#objects.of(invocation.target)
    const queued = object.queue.indexOf(invocation)
    if (queued >= 0) object.queue.splice(queued, 1)
    if (object.run === invocation) {
      this.#objects.retain(object, this.#bound.get(invocation.target.service)?.options.workflowRetention)
    }
    if (object.holder !== invocation) return
    object.holder = object.queue.shift()
    if (object.holder !== undefined) this.attempts.begin(object.holder)
  }

  #completed(invocation: Invocation, entry: Entry, answer: Stored): void {
    if (entry.answer !== undefined || invocation.status === "completed") return
    entry.answer = answer
    invocation.order.push(entry.index)
    this.attempts.wake(invocation)
  }

  #reached(point: JournalPoint): void {
    const cancelled = this.#options.cancels?.(point, this.invocations.callersOf(point.invocation))
    if (cancelled === undefined) return
    queueMicrotask(() => this.cancel(this.invocations.labelled(cancelled)?.id ?? ""))
  }

  /** Completes the entry with the result of the invocation, now or once it is over. */
  #tell(other: Invocation, invocation: Invocation, entry: Entry): void {
    const answer = (result: Stored) => this.#completed(invocation, entry, result)
    if (other.result === undefined) other.waiting.push(answer)
    else answer(other.result)
  }

  get #effects(): AttemptsServer["effects"] {
    return {
      stateOf: (target) => this.#objects.of(target).state,
      completed: (invocation, entry, answer) => this.#completed(invocation, entry, answer),
      startCall: (caller, entry, { input, target, ...options }) => {
        const callee = this.start(target, input, { ...options, waits: true })
        callee.caller ??= caller
        entry.invocationId = callee.id
        this.#tell(callee, caller, entry)
      },
      startSend: ({ input, target, ...options }) => this.start(target, input, options).id,
      cancelInvocation: (id) => this.cancel(id),
      completeAwakeable: (id, answer) => this.completeAwakeable(id, answer),
      awaitSignal: (invocation, entry) => {
        const known = this.#signals.take(invocation.id, entry.name)
        if (known !== undefined) this.#completed(invocation, entry, known)
      },
      awaitPromise: (invocation, entry) =>
        this.#objects.awaitPromise(invocation.target, entry.name, (answer) =>
          this.#completed(invocation, entry, answer)
        ),
      peekPromise: (target, name) => this.#objects.peekPromise(target, name),
      completePromise: (target, name, completion) => this.#objects.completePromise(target, name, completion),
      sendSignal: (id, name, value) => this.signal(id, name, value),
      attach: (invocation, entry, id) => {
        const other = this.invocations.get(id)
        if (other === undefined) this.#completed(invocation, entry, notFound)
        else this.#tell(other, invocation, entry)
      },
      fromContext: (name) => {
        const answer = this.#options.fromContext?.[name]
        if (answer === undefined) throw new TypeError(`the scenario does not say what fromContext "${name}" answers`)
        return () => attempted(answer)
      },
      rejection: (message) => rejected(message, 500)
    }
  }
}
