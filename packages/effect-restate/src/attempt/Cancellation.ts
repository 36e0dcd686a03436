import { Context, type Fiber, FiberId } from "effect"

/** A region that receives the invocation's cancellation as interruption: the whole handler, or a `cancellable` inside it. */
export class CancelScope {
  fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
  readonly children = new Set<CancelScope>()
}

/** The region that a fiber is in, when that is not the whole handler. */
export class CurrentCancelScope extends Context.Tag("restate/CurrentCancelScope")<CurrentCancelScope, CancelScope>() {}

/**
 * Where a cancellation goes. It interrupts the innermost regions there are, and is over when one of them has turned it into
 * a failure. When none did (it had lost a race, or could not be interrupted), the regions around them receive it in turn. One
 * that comes while an earlier one is still being answered asks for nothing new.
 */
export class Cancellation {
  /** The whole handler. It never ends before its attempt. */
  readonly handler = new CancelScope()
  /** Regions that were interrupted and have not ended yet. */
  readonly #interrupted = new Set<CancelScope>()
  #answered = false

  interrupted(scope: CancelScope): boolean {
    return this.#interrupted.has(scope)
  }

  request(): void {
    if (this.#interrupted.size > 0) return
    this.#answered = false
    this.#interruptInnermost(this.handler)
  }

  /** `answered` when the region has failed with the cancellation it received. */
  ended(scope: CancelScope, parent: CancelScope, answered: boolean): void {
    parent.children.delete(scope)
    if (!this.#interrupted.delete(scope)) return
    this.#answered ||= answered
    if (this.#interrupted.size === 0 && !this.#answered) this.request()
  }

  #interruptInnermost(scope: CancelScope): void {
    if (scope.children.size > 0) {
      for (const child of [...scope.children]) this.#interruptInnermost(child)
      return
    }
    this.#interrupted.add(scope)
    scope.fiber?.unsafeInterruptAsFork(FiberId.none)
  }
}
