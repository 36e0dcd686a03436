import type { CallRequest, RunOptions, SendRequest } from "../attempt/Journal.ts"
import type { Phase } from "./Fault.ts"
import type { Entry, Invocation, ScopedTarget, Stored } from "./Invocation.ts"

/** An attempt as the cluster handles it. */
export interface RunningAttempt {
  readonly invocation: Invocation
  /** True when an awaited answer is known already, so that a suspended invocation resumes at once. */
  readonly hasNews: boolean
  /** Attempts that had failed in a row when it began, and since when: what the policy of a step counts. */
  readonly failedBefore: { readonly times: number; readonly since: number }
  readonly poll: () => void
  readonly end: () => void
  /** Records an answer that ends a step for good, from outside the body. */
  readonly answer: (entry: Entry, answer: Stored) => void
}

/** What an attempt needs of the cluster it runs in. */
export interface AttemptWorld {
  readonly now: () => number
  readonly timer: (millis: number, fire: () => void) => () => void
  /** True to end the attempt whenever it has to wait, as a server with an inactivity timeout of zero does. */
  readonly suspends: boolean
  /** True when state is asked for as it is read, which is a wait. */
  readonly lazyState: boolean
  readonly progress: () => void
  /** One attempt more or fewer whose fibers run, rather than wait for an answer. */
  readonly drives: (change: 1 | -1) => void
  readonly crashes: (invocation: Invocation, entry: Entry, phase: Phase) => boolean
  readonly bodyStarted: () => void
  readonly bodyEnded: () => void
  /** The order in which results of bodies that ended together become known. */
  readonly acknowledge: (deliver: () => void) => void
  readonly stateOf: (target: ScopedTarget) => Map<string, Uint8Array>
  readonly completed: (invocation: Invocation, entry: Entry, answer: Stored) => void
  readonly startCall: (caller: Invocation, entry: Entry, request: CallRequest) => void
  readonly startSend: (request: SendRequest) => string
  readonly cancelInvocation: (id: string) => void
  readonly completeAwakeable: (id: string, answer: Stored) => void
  readonly awaitSignal: (invocation: Invocation, entry: Entry) => void
  readonly awaitPromise: (invocation: Invocation, entry: Entry) => void
  readonly peekPromise: (target: ScopedTarget, name: string) => Stored | undefined
  /** What the server answers: nothing, or that the promise was completed before. */
  readonly completePromise: (target: ScopedTarget, name: string, completion: Stored) => Stored
  readonly sendSignal: (id: string, name: string, value: Stored) => void
  readonly attach: (invocation: Invocation, entry: Entry, id: string) => void
  /** How the scenario answers for the SDK's context under this name. Throws when it does not say. */
  readonly fromContext: (name: string) => () => Stored
  readonly rejection: (message: string) => Stored
  readonly runFailed: (journal: RunningAttempt, entry: Entry, error: unknown, options: RunOptions) => void
  readonly suspended: (journal: RunningAttempt) => void
  readonly crashed: (journal: RunningAttempt) => void
  readonly mismatched: (journal: RunningAttempt, expected: Entry, actual: string) => void
}
