import { TerminalError } from "@restatedev/restate-sdk"
import type { Invocation, Stored } from "./Invocation.ts"

export const nothing: Stored = { ok: true, bytes: new Uint8Array(0) }

export const rejected = (message: string, errorCode: number): Stored => ({
  ok: false,
  error: new TerminalError(message, { errorCode })
})

/** How a call of a workflow's run ends that has been invoked before: nothing of it is journaled. */
export const refusedRun = (run: Invocation): Invocation => ({
  ...run,
  entries: [],
  order: [],
  waiting: [],
  status: "completed",
  result: rejected("the workflow method was already invoked", 409)
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
