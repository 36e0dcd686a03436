import type { Body, CallRequest, Journal, RequestInfo, RunOptions, SendRequest } from "../attempt/Journal.ts"
import type { Serde } from "../contract/Serde.ts"
import { typedFailuresHeader } from "../contract/TypedFailure.ts"
import type { ScopedTarget, Stored } from "./Invocation.ts"
import { MemoryEntries } from "./MemoryEntries.ts"
import { KnownPending, MemoryPending } from "./MemoryPending.ts"

const nothing = new Uint8Array(0)
/** Told by its identity from a stored value of no bytes. */
const absent = new Uint8Array(0)
const text = new TextEncoder()
const json = (value: unknown): Uint8Array => text.encode(JSON.stringify(value))
const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** What the server compares of a message on replay. Not its delay, which the SDK sends as a time that differs each time. */
const payloadOf = ({ headers, idempotencyKey, input, limitKey, scope, target }: CallRequest | SendRequest): string =>
  JSON.stringify([hex(input), target.key, idempotencyKey, headers, scope, limitKey])

/** The operations of an invocation in memory, for one attempt. */
export class MemoryJournal extends MemoryEntries implements Journal {
  #uuids = 0

  get target(): ScopedTarget {
    return this.invocation.target
  }

  get invocationId(): string {
    return this.invocation.id
  }

  get traceparent(): string | undefined {
    return this.invocation.traceparent
  }

  get typedFailures(): boolean {
    return this.request.headers.has(typedFailuresHeader)
  }

  get request(): RequestInfo {
    return this.invocation.request
  }

  /** Differs on each attempt, so that a program which decides by it is found out. */
  get attemptHeaders(): ReadonlyMap<string, string> {
    return new Map([["x-attempt", String(this.invocation.attempts)]])
  }

  uuid(): string {
    const seed = Buffer.from(`${this.invocation.id}:${this.#uuids++}`)
      .toString("hex")
      .slice(-28)
      .padStart(28, "0")
    return `${seed.slice(0, 8)}-${seed.slice(8, 12)}-4${seed.slice(12, 15)}-8${seed.slice(15, 18)}-${seed.slice(16, 28)}`
  }

  liveMillis(): number {
    return this.world.now()
  }

  timer(millis: number, fire: () => void): () => void {
    return this.world.timer(millis, fire)
  }

  run(name: string, body: Body, options: RunOptions): MemoryPending {
    const entry = this.append("run", name, "")
    const execute = (): void => {
      if (entry !== undefined) this.execute(entry, body, options)
    }
    return new MemoryPending(entry, options.decode, execute)
  }

  now(): MemoryPending {
    return this.immediate("now", "", "", () => json(this.world.now()), parsed)
  }

  sleep(millis: number, name: string | undefined): MemoryPending {
    const { entry, fresh } = this.appended("sleep", name ?? "", "")
    if (entry !== undefined && fresh) {
      // The timer belongs to the invocation, not to the attempt: it fires whether or not an attempt runs.
      this.world.timer(millis, () => this.world.completed(this.invocation, entry, { ok: true, bytes: nothing }))
      this.acknowledged(entry)
    }
    return new MemoryPending(entry, () => undefined)
  }

  get<A>(name: string, serde: Serde<A>): MemoryPending {
    const read = () => this.world.stateOf(this.target).get(name) ?? absent
    const decode = (bytes: Uint8Array) => (bytes === absent ? null : serde.deserialize(bytes))
    if (!this.world.lazyState) return this.immediate("get", name, "", read, decode)
    const entry = this.command("get", name, "", (asked) => {
      const bytes = read()
      setImmediate(() => this.world.completed(this.invocation, asked, { ok: true, bytes }))
    })
    return new MemoryPending(entry, decode)
  }

  set(name: string, bytes: Uint8Array): void {
    this.command("set", name, hex(bytes), () => this.world.stateOf(this.target).set(name, bytes))
  }

  clear(name: string): void {
    this.command("clear", name, "", () => this.world.stateOf(this.target).delete(name))
  }

  clearAll(): void {
    this.command("clear-all", "", "", () => this.world.stateOf(this.target).clear())
  }

  stateKeys(): MemoryPending {
    const read = () => json([...this.world.stateOf(this.target).keys()])
    return this.immediate("state-keys", "", "", read, parsed)
  }

  getPromise<A>(name: string, serde: Serde<A>): MemoryPending {
    const { entry, fresh } = this.appended("promise", name, "")
    if (entry !== undefined && fresh) {
      this.world.awaitPromise(this.invocation, entry)
      this.acknowledged(entry)
    }
    return new MemoryPending(entry, serde.deserialize)
  }

  peekPromise<A>(name: string, serde: Serde<A>): MemoryPending {
    const entry = this.command("peek-promise", name, "", (fresh) => {
      fresh.answer = this.world.peekPromise(this.target, name) ?? { ok: true, bytes: absent }
      this.invocation.order.push(fresh.index)
    })
    return new MemoryPending(entry, (bytes) => (bytes === absent ? undefined : serde.deserialize(bytes)))
  }

  resolvePromise(name: string, bytes: Uint8Array): MemoryPending {
    return this.#completePromise(name, hex(bytes), { ok: true, bytes })
  }

  rejectPromise(name: string, reason: string): MemoryPending {
    return this.#completePromise(name, reason, this.world.rejection(reason))
  }

  #completePromise(name: string, payload: string, completion: Stored): MemoryPending {
    const entry = this.command("complete-promise", name, payload, (fresh) => {
      fresh.answer = this.world.completePromise(this.target, name, completion)
      this.invocation.order.push(fresh.index)
    })
    return new MemoryPending(entry, () => undefined)
  }

  call(request: CallRequest): { readonly result: MemoryPending; readonly invocationId: MemoryPending } {
    const { target, outputSerde } = request
    const { entry, fresh } = this.appended("call", `${target.service}/${target.handler}`, payloadOf(request))
    if (entry !== undefined && fresh) {
      this.world.startCall(this.invocation, entry, request)
      this.acknowledged(entry)
    }
    return {
      result: new MemoryPending(entry, outputSerde.deserialize),
      invocationId: new KnownPending(() => entry?.invocationId ?? "")
    }
  }

  send(request: SendRequest): { readonly invocationId: MemoryPending } {
    const { target } = request
    const entry = this.command("send", `${target.service}/${target.handler}`, payloadOf(request), (sent) => {
      sent.invocationId = this.world.startSend(request)
    })
    return { invocationId: new KnownPending(() => entry?.invocationId ?? "") }
  }

  cancel(invocationId: string): void {
    this.command("cancel", "", invocationId, () => this.world.cancelInvocation(invocationId))
  }

  awakeable<A>(serde: Serde<A>): { readonly id: string; readonly result: MemoryPending } {
    const entry = this.append("awakeable", "", "")
    return { id: `prom_${this.invocation.id}_${entry?.index}`, result: new MemoryPending(entry, serde.deserialize) }
  }

  resolveAwakeable(id: string, bytes: Uint8Array): void {
    this.command("resolve", "", id + hex(bytes), () => this.world.completeAwakeable(id, { ok: true, bytes }))
  }

  rejectAwakeable(id: string, reason: string): void {
    this.command("resolve", "", id + reason, () => this.world.completeAwakeable(id, this.world.rejection(reason)))
  }

  signal<A>(name: string, serde: Serde<A>): MemoryPending {
    const { entry, fresh } = this.appended("signal", name, "")
    if (entry !== undefined && fresh) {
      this.world.awaitSignal(this.invocation, entry)
      this.acknowledged(entry)
    }
    return new MemoryPending(entry, serde.deserialize)
  }

  resolveSignal(id: string, name: string, bytes: Uint8Array): void {
    this.#sendSignal(id, name, hex(bytes), { ok: true, bytes })
  }

  rejectSignal(id: string, name: string, reason: string): void {
    this.#sendSignal(id, name, reason, this.world.rejection(reason))
  }

  attach(id: string, outputSerde: Serde<unknown>): MemoryPending {
    const { entry, fresh } = this.appended("attach", "", id)
    if (entry !== undefined && fresh) {
      this.world.attach(this.invocation, entry, id)
      this.acknowledged(entry)
    }
    return new MemoryPending(entry, outputSerde.deserialize)
  }

  fromContext(name: string): MemoryPending {
    const answer = this.world.fromContext(name)
    const entry = this.command("context", name, "", (fresh) => {
      fresh.answer = answer()
      this.invocation.order.push(fresh.index)
    })
    return new MemoryPending(entry, parsed)
  }

  #sendSignal(id: string, name: string, payload: string, stored: Stored): void {
    this.command("send-signal", name, id + payload, () => this.world.sendSignal(id, name, stored))
  }
}
