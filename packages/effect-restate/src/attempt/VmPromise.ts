import type { Completion, Pending } from "./Journal.ts"
import type { Awaited } from "./StateMachine.ts"

/** A promise of the SDK's context, or a combination of them, as the SDK implements it. */
export interface SdkPromise {
  /** What is not there yet, in the words of `do_progress`; null when nothing is missing. */
  readonly unresolvedFuture: () => Awaited | null
  /** Takes what is there. */
  readonly tryComplete: () => Promise<void>
  readonly publicPromise: () => Promise<unknown>
}

/** An operation of the SDK's context: the SDK reads its entries, and this tells when it has. */
export class VmPromise implements Pending {
  readonly _tag = "Pending"
  readonly kind = "other"
  completion: Completion | undefined
  readonly #promise: SdkPromise

  constructor(promise: SdkPromise) {
    this.#promise = promise
    promise.publicPromise().then(
      (value) => {
        this.completion = { ok: true, value }
      },
      (error: unknown) => {
        this.completion = { ok: false, error }
      }
    )
  }

  /** Undefined where the state machine has nothing to wait for. */
  get awaited(): Awaited | undefined {
    return this.#promise.unresolvedFuture() ?? undefined
  }

  /** Sets the completion when all of it is there. */
  async poll(): Promise<void> {
    await this.#promise.tryComplete()
    // Mapped and combined promises settle within a few turns of the queue of promises.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
