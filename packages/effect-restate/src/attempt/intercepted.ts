import type { Body } from "./Journal.ts"
import type { StateMachineContext } from "./StateMachine.ts"

type Result = Parameters<Parameters<Body>[0]>[0]

/**
 * Executes a body inside of the hooks that the SDK's users have installed around steps: they see it as a promise, and a failure
 * of theirs takes the place of its result. Where there are none, the body answers at once and no promise settles.
 */
export const intercepted =
  (interceptor: StateMachineContext["runInterceptor"], name: string, body: Body): Body =>
  (answer) => {
    const ran = Promise.withResolvers<void>()
    let result: Result | undefined
    let deliver = (_: Result): void => {}
    const next = (): Promise<void> => {
      body((first) => {
        if (result !== undefined) return
        result = first
        deliver(first)
      })
      return ran.promise
    }
    const returned = runInterceptor(interceptor, name, next)
    // Hooks that only pass on what the body answers are as good as none.
    if (returned === ran.promise) deliver = answer
    else {
      deliver = (first) => (first instanceof Error ? ran.reject(first) : ran.resolve())
      returned.then(
        () => answer(result ?? new TypeError(`a hook around the step ${name} ended without its body`)),
        (error: unknown) => answer(error instanceof Error ? error : new TypeError(String(error)))
      )
    }
    if (result !== undefined) deliver(result)
  }

/** A hook may throw before it has a promise. */
const runInterceptor = (
  interceptor: StateMachineContext["runInterceptor"],
  name: string,
  next: () => Promise<void>
): Promise<void> => {
  try {
    return interceptor(name, next)
  } catch (error) {
    return Promise.reject(error)
  }
}
