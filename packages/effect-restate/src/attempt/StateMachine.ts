import type { internal, TerminalError, WorkflowContext } from "@restatedev/restate-sdk"
import sdk from "@restatedev/restate-sdk/package.json" with { type: "json" }
import { Predicate } from "effect"

/** What a handler is given by the SDK, with the operations that the SDK keeps for kits like this one. */
export type SdkContext = WorkflowContext & internal.ContextInternal

export interface WireFailure {
  readonly code: number
  readonly message: string
  readonly metadata?: ReadonlyArray<{ readonly key: string; readonly value: string }>
}

/** What has come of a handle. It can be taken once. */
export type Notification =
  | "NotReady"
  | "Empty"
  | { readonly Success: Uint8Array }
  | { readonly Failure: WireFailure }
  | { readonly StateKeys: ReadonlyArray<string> }
  | { readonly InvocationId: string }

/** What an attempt waits for: one handle, or the first of some. */
export type Awaited = { readonly Single: number } | { readonly FirstCompleted: ReadonlyArray<Awaited> }

/**
 * How far the state machine gets: something that is awaited has completed, a step's body has to run, nothing happens
 * before the server or a body says more, or the invocation was cancelled under implicit cancellation.
 */
export type Progress =
  | "AnyCompleted"
  | "WaitExternalProgress"
  | "CancelSignalReceived"
  | { readonly ExecuteRun: number }

export interface WireRetryPolicy {
  readonly factor: number
  readonly initial_interval: number
  readonly max_interval: number
  readonly max_attempts: number | undefined
  readonly max_duration: number | undefined
}

/**
 * The state machine of one attempt, `WasmVM` in the SDK. It takes notifications from the journal one by one, until one of
 * those that are awaited is among them; every method throws when the attempt is over.
 */
export interface StateMachine {
  readonly do_progress: (awaited: Awaited) => Progress
  readonly is_completed: (handle: number) => boolean
  readonly take_notification: (handle: number) => Notification
  readonly is_processing: () => boolean
  readonly sys_run: (name: string) => { readonly handle: number; readonly replayed: boolean }
  readonly propose_run_completion_success: (handle: number, bytes: Uint8Array) => void
  readonly propose_run_completion_failure: (handle: number, failure: WireFailure) => void
  readonly propose_run_completion_failure_transient: (
    handle: number,
    message: string,
    stack: string | undefined,
    tookMillis: bigint,
    policy: WireRetryPolicy | undefined
  ) => void
  readonly propose_run_completion_failure_transient_with_delay_override: (
    handle: number,
    message: string,
    stack: string | undefined,
    tookMillis: bigint,
    delayMillis: bigint | undefined,
    maxAttempts: number | undefined,
    maxDurationMillis: bigint | undefined
  ) => void
  readonly propose_run_completion_failure_transient_with_pause: (
    handle: number,
    message: string,
    stack: string | undefined,
    tookMillis: bigint
  ) => void
  readonly free: () => void
}

const machineMethods = [
  "do_progress",
  "is_completed",
  "take_notification",
  "is_processing",
  "sys_run",
  "propose_run_completion_success",
  "propose_run_completion_failure",
  "propose_run_completion_failure_transient",
  "propose_run_completion_failure_transient_with_delay_override",
  "propose_run_completion_failure_transient_with_pause",
  "free"
] as const satisfies ReadonlyArray<keyof StateMachine>

/** The context as the SDK implements it: with what its promises stand on, which its types do not declare. */
export interface StateMachineContext extends SdkContext {
  readonly coreVm: StateMachine
  /** Sends what the state machine has to say to the server. */
  readonly outputPump: { readonly awaitNextProgress: () => Promise<void> }
  /** `stopped` is true once the attempt is being closed: from then on the SDK does not use the state machine. */
  readonly inputPump: { readonly stopped: boolean }
  readonly promisesExecutor: {
    /** Tells the one who waits that the server has sent something, or that a body has ended. */
    readonly externalProgressChannel: { readonly signal: () => void; readonly awaitNext: () => Promise<void> }
  }
  /** The bodies of `run` that were given to the context itself. */
  readonly runClosuresTracker: { readonly executeRun: (handle: number) => void }
  /** Every payload goes through it on its way to the journal and back. */
  readonly journalValueCodec: {
    readonly encode: (bytes: Uint8Array) => Uint8Array
    readonly decode: (bytes: Uint8Array) => Promise<Uint8Array>
  }
  /** The hooks that are installed around steps; calls `next` when there are none. */
  readonly runInterceptor: (name: string, next: () => Promise<void>) => Promise<void>
  readonly asTerminalError?: ((error: unknown) => TerminalError | undefined) | undefined
  readonly vmLogger: { readonly warn: (message: string, error: Error) => void }
  /** Ends the attempt with an error; also how it is suspended. */
  readonly abortAttempt: (error: unknown) => void
}

const contextMethods = ["runInterceptor", "abortAttempt"] as const satisfies ReadonlyArray<keyof StateMachineContext>

const hasMethods = (value: unknown, names: ReadonlyArray<string>): boolean =>
  Predicate.isRecord(value) && names.every((name) => typeof value[name] === "function")

/** The SDK's minor version that the declarations of this file were read from. */
const knownVersion = /^1\.17\./

/**
 * Whether the context has the state machine that is declared here. False for another minor version of the SDK, which may
 * have moved any of it, and for a context of another implementation.
 */
export const hasStateMachine = (context: SdkContext, version = sdk.version): context is StateMachineContext => {
  // None of this is declared: each member is looked at before it counts.
  const { coreVm, inputPump, journalValueCodec, outputPump, promisesExecutor, runClosuresTracker, vmLogger } =
    context as unknown as Readonly<Record<keyof StateMachineContext, unknown>>
  return (
    knownVersion.test(version) &&
    hasMethods(context, contextMethods) &&
    hasMethods(coreVm, machineMethods) &&
    hasMethods(outputPump, ["awaitNextProgress"]) &&
    hasMethods(journalValueCodec, ["encode", "decode"]) &&
    hasMethods(vmLogger, ["warn"]) &&
    hasMethods(runClosuresTracker, ["executeRun"]) &&
    Predicate.hasProperty(inputPump, "stopped") &&
    Predicate.hasProperty(promisesExecutor, "externalProgressChannel") &&
    hasMethods(promisesExecutor.externalProgressChannel, ["signal", "awaitNext"])
  )
}
