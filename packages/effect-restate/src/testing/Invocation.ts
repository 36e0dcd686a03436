import type { TerminalError } from "@restatedev/restate-sdk"
import type { RequestInfo, Target } from "../attempt/Journal.ts"

export type EntryKind =
  | "run"
  | "now"
  | "sleep"
  | "get"
  | "set"
  | "clear"
  | "clear-all"
  | "state-keys"
  | "promise"
  | "peek-promise"
  | "complete-promise"
  | "call"
  | "send"
  | "cancel"
  | "awakeable"
  | "resolve"
  | "signal"
  | "send-signal"
  | "attach"
  | "context"
  | "output"

/** A stored answer: bytes as they would stand in Restate's journal, or a terminal error. */
export type Stored =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: TerminalError }

/** A handler under a key, in a scope if it has one: what is in another scope is another. */
export interface ScopedTarget extends Target {
  readonly scope?: string
}

export interface Entry {
  readonly index: number
  readonly kind: EntryKind
  readonly name: string
  /** What must be the same on every attempt: kind, name, target and payload. */
  readonly fingerprint: string
  answer: Stored | undefined
  /** Id of the invocation that a call or send started. */
  invocationId: string | undefined
}

export type Status = "queued" | "running" | "suspended" | "backing-off" | "paused" | "completed"

/** The durable side of an invocation: what survives every crash. */
export interface Invocation {
  readonly id: string
  /** `service/key/handler#n`, the same in every run of a scenario. */
  readonly label: string
  readonly target: ScopedTarget
  readonly input: Uint8Array
  readonly traceparent: string | undefined
  readonly request: RequestInfo
  readonly entries: Array<Entry>
  /** Indexes of completed entries, and the cancellation, in the order in which they became known. */
  readonly order: Array<number | "cancelled">
  readonly waiting: Array<(result: Stored) => void>
  status: Status
  result: Stored | undefined
  /** Attempts that have failed, which the policy of the service counts. */
  failures: number
  /** Attempts that have failed since an entry or a result of a step was last stored, which the policy of a step counts. */
  failuresSinceEntry: number
  /** When that was stored, in milliseconds of virtual time. */
  storedAt: number
  attempts: number
  /** The invocation that called it and waits for its answer. */
  caller: Invocation | undefined
  /** Text of the last error that was not terminal, as Restate would keep it. */
  lastFailure: string | undefined
  /** That error itself, as the code threw it: tests see its stack and its causes, which Restate never does. */
  lastError: unknown
}

export const makeInvocation = (
  identity: Pick<Invocation, "id" | "label" | "target" | "input" | "traceparent" | "request">
): Invocation => ({
  ...identity,
  entries: [],
  order: [],
  waiting: [],
  status: "queued",
  result: undefined,
  failures: 0,
  failuresSinceEntry: 0,
  storedAt: 0,
  attempts: 0,
  caller: undefined,
  lastFailure: undefined,
  lastError: undefined
})

/** The steps of a journal in order, as `kind name`: what a change of a workflow must not reorder. */
export const journalNames = (invocation: Invocation): ReadonlyArray<string> =>
  invocation.entries.map((entry) => (entry.name === "" ? entry.kind : `${entry.kind} ${entry.name}`))

/** Where a journal stands, in words. */
export const lastEntryOf = ({ entries }: Invocation): string => {
  const last = entries.at(-1)
  if (last === undefined) return "nothing is journaled"
  return `the last entry is ${last.index} (${last.name === "" ? last.kind : `${last.kind} ${last.name}`})`
}
