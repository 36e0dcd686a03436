import { TerminalError } from "@restatedev/restate-sdk"
import { type Invocation, makeInvocation, type ScopedTarget, type Stored } from "./Invocation.ts"
import { requestOf, type StartOptions } from "./StartOptions.ts"

export const nothing: Stored = { ok: true, bytes: new Uint8Array(0) }

export const rejected = (message: string, errorCode: number): Stored => ({
  ok: false,
  error: new TerminalError(message, { errorCode })
})

/** What Restate answers about an invocation that it does not know. */
export const notFound = rejected("not found", 404)

/** How a call of a workflow's run ends that has been invoked before: nothing of it is journaled. */
export const refusedRun = (run: Invocation): Invocation => ({
  ...run,
  entries: [],
  order: [],
  waiting: [],
  status: "completed",
  result: rejected("the workflow method was already invoked", 409)
})

/** How a client's request for a workflow's run ends that has an idempotency key: there is no such invocation. */
export const refusedKey = (target: ScopedTarget, input: Uint8Array, options: StartOptions): Invocation => ({
  ...makeInvocation({ id: "", label: "", target, input, traceparent: undefined, request: requestOf(options) }),
  status: "completed",
  result: rejected(
    "cannot use the idempotency key with workflow handlers. The handler invocation will already be idempotent by the workflow key itself.",
    400
  )
})

/** What the scenario answers in place of the SDK's context. */
export const attempted = (answer: () => unknown): Stored => {
  try {
    return { ok: true, bytes: new TextEncoder().encode(JSON.stringify(answer() ?? null)) }
  } catch (error) {
    if (error instanceof TerminalError) return { ok: false, error }
    throw error
  }
}
