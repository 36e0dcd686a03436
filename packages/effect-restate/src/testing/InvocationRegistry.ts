import { type Invocation, lastEntryOf, makeInvocation, type ScopedTarget } from "./Invocation.ts"
import { requestOf, type StartOptions } from "./StartOptions.ts"

const idOf = (label: string): string => `inv_${label}`

/** The invocations that Restate knows, by their ids and by their idempotency keys. */
export class InvocationRegistry {
  readonly #all = new Map<string, Invocation>()
  readonly #counters = new Map<string, number>()
  readonly #idempotent = new Map<string, Invocation>()

  get all(): ReadonlyArray<Invocation> {
    return [...this.#all.values()]
  }

  get(id: string): Invocation | undefined {
    return this.#all.get(id)
  }

  labelled(label: string): Invocation | undefined {
    return this.#all.get(idOf(label))
  }

  /** The invocation that was asked for with this key. */
  withKey(path: string, idempotencyKey: string): Invocation | undefined {
    return this.#idempotent.get(`${path}/${idempotencyKey}`)
  }

  /** A new invocation: the next one of this path. */
  add(path: string, target: ScopedTarget, input: Uint8Array, options: StartOptions): Invocation {
    const number = (this.#counters.get(path) ?? 0) + 1
    this.#counters.set(path, number)
    const label = `${path}#${number}`
    const { idempotencyKey, traceparent } = options
    const invocation = makeInvocation({
      id: idOf(label),
      label,
      target,
      input,
      traceparent,
      request: requestOf(options)
    })
    this.#all.set(invocation.id, invocation)
    if (idempotencyKey !== undefined) this.#idempotent.set(`${path}/${idempotencyKey}`, invocation)
    return invocation
  }

  /** Labels of the invocations that wait for this one, the nearest first. */
  callersOf(label: string): ReadonlyArray<string> {
    const callers: Array<string> = []
    for (let it = this.labelled(label)?.caller; it !== undefined; it = it.caller) callers.push(it.label)
    return callers
  }

  unfinished(): ReadonlyArray<string> {
    return this.all
      .filter((invocation) => invocation.status !== "completed")
      .map((invocation) => `${invocation.label} (${invocation.status}), ${lastEntryOf(invocation)}`)
  }
}
