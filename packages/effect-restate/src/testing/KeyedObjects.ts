import { Duration } from "effect"
import { nothing, rejected } from "./answers.ts"
import type { Invocation, ScopedTarget, Stored } from "./Invocation.ts"
import type { VirtualTime } from "./VirtualTime.ts"

interface PromiseState {
  completion: Stored | undefined
  readonly waiting: Array<(completion: Stored) => void>
}

export interface KeyedObject {
  readonly state: Map<string, Uint8Array>
  readonly promises: Map<string, PromiseState>
  readonly queue: Array<Invocation>
  holder: Invocation | undefined
  /** Of a workflow: the only run of its id, and when Restate forgets it with state and promises. */
  run: Invocation | undefined
  expiresAt: number | undefined
}

/** Of Restate, for workflows that do not say otherwise. */
const defaultRetention = Duration.days(1)

/** What Restate keeps under the key of an object or the id of a workflow, which it forgets when the workflow's retention is over. */
export class KeyedObjects {
  readonly #time: VirtualTime
  readonly #objects = new Map<string, KeyedObject>()

  constructor(time: VirtualTime) {
    this.#time = time
  }

  of({ key, scope = "", service }: Omit<ScopedTarget, "handler">): KeyedObject {
    const name = `${scope}/${service}/${key}`
    const known = this.#objects.get(name)
    if (known !== undefined && (known.expiresAt ?? Number.POSITIVE_INFINITY) > this.#time.now) return known
    const made: KeyedObject = {
      state: new Map(),
      promises: new Map(),
      queue: [],
      holder: undefined,
      run: undefined,
      expiresAt: undefined
    }
    this.#objects.set(name, made)
    return made
  }

  /** The only run of a workflow has ended. */
  retain(object: KeyedObject, retention: Duration.DurationInput = defaultRetention): void {
    object.expiresAt = this.#time.now + Duration.toMillis(retention)
  }

  /** Tells the completion of a promise, now or once there is one. */
  awaitPromise(target: ScopedTarget, name: string, tell: (completion: Stored) => void): void {
    const { completion, waiting } = this.#promise(target, name)
    if (completion === undefined) waiting.push(tell)
    else tell(completion)
  }

  peekPromise(target: ScopedTarget, name: string): Stored | undefined {
    return this.#promise(target, name).completion
  }

  completePromise(target: ScopedTarget, name: string, completion: Stored): Stored {
    const promise = this.#promise(target, name)
    if (promise.completion !== undefined) return rejected("promise was already completed", 409)
    promise.completion = completion
    for (const tell of promise.waiting.splice(0)) tell(completion)
    return nothing
  }

  #promise(target: ScopedTarget, name: string): PromiseState {
    const { promises } = this.of(target)
    const known = promises.get(name)
    if (known !== undefined) return known
    const made: PromiseState = { completion: undefined, waiting: [] }
    promises.set(name, made)
    return made
  }
}
