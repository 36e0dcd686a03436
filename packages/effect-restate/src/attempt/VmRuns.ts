import { PauseError, RetryableError, TerminalError } from "@restatedev/restate-sdk"
import { intercepted } from "./intercepted.ts"
import type { Body, RunOptions } from "./Journal.ts"
import { retryAfterMillis } from "./retryAfter.ts"
import type { StateMachineContext, WireRetryPolicy } from "./StateMachine.ts"

interface Run {
  readonly name: string
  readonly body: Body
  readonly options: RunOptions
}

/** Undefined: the policy of the attempt decides. The defaults are those of the SDK. */
const policyOf = (options: RunOptions): WireRetryPolicy | undefined => {
  const { factor = 2, initialIntervalMillis, maxAttempts, maxDurationMillis, maxIntervalMillis = 10_000 } = options
  if (initialIntervalMillis === undefined) return undefined
  return {
    factor,
    initial_interval: initialIntervalMillis,
    max_interval: maxIntervalMillis,
    max_attempts: maxAttempts,
    max_duration: maxDurationMillis
  }
}

const wireMillis = (millis: number | undefined): bigint | undefined =>
  millis === undefined ? undefined : BigInt(millis)

/** The steps of an attempt whose bodies have to run, and what the state machine is told of them. */
export class VmRuns {
  readonly #context: StateMachineContext
  readonly #waiting = new Map<number, Run>()
  #ended = false

  constructor(context: StateMachineContext) {
    this.#context = context
  }

  add(handle: number, run: Run): void {
    this.#waiting.set(handle, run)
  }

  /** Whether the step's body has still to be started. */
  has(handle: number): boolean {
    return this.#waiting.has(handle)
  }

  /** From now on the results of bodies that still run go nowhere. */
  end(): void {
    this.#ended = true
  }

  /** Starts the body. What ends before this returns is not signalled: the one who calls asks for progress next. */
  execute(handle: number): void {
    const run = this.#waiting.get(handle)
    // What an operation of the SDK's context runs is with the SDK.
    if (run === undefined) return this.#context.runClosuresTracker.executeRun(handle)
    this.#waiting.delete(handle)
    const { runInterceptor, promisesExecutor } = this.#context
    const startedAt = performance.now()
    let isStarting = true
    intercepted(
      runInterceptor,
      run.name,
      run.body
    )((result) => {
      if (this.#ended) return
      try {
        this.#propose(handle, run, result, BigInt(Math.round(performance.now() - startedAt)))
      } catch (error) {
        this.#context.abortAttempt(error)
      }
      if (!isStarting) promisesExecutor.externalProgressChannel.signal()
    })
    isStarting = false
  }

  #propose(handle: number, { name, options }: Run, result: Uint8Array | Error, tookMillis: bigint): void {
    const { asTerminalError, coreVm, journalValueCodec, vmLogger } = this.#context
    if (!(result instanceof Error))
      return coreVm.propose_run_completion_success(handle, journalValueCodec.encode(result))
    const error = result instanceof TerminalError ? result : (asTerminalError?.(result) ?? result)
    const { message, stack } = error
    if (error instanceof TerminalError) {
      const metadata = Object.entries(error.metadata ?? {}).map(([key, value]) => ({ key, value }))
      return coreVm.propose_run_completion_failure(handle, { code: error.code, message, metadata })
    }
    if (error instanceof RetryableError)
      return coreVm.propose_run_completion_failure_transient_with_delay_override(
        handle,
        message,
        stack,
        tookMillis,
        wireMillis(retryAfterMillis(error)),
        options.maxAttempts,
        wireMillis(options.maxDurationMillis)
      )
    if (error instanceof PauseError)
      return coreVm.propose_run_completion_failure_transient_with_pause(handle, message, stack, tookMillis)
    vmLogger.warn(`Error when processing step '${name}'.\n`, error)
    return coreVm.propose_run_completion_failure_transient(handle, message, stack, tookMillis, policyOf(options))
  }
}
