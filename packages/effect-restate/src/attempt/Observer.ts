/** How an attempt of a handler ended. `suspended` covers every end that Restate will resume: suspension, retry, lost connection. */
export type AttemptOutcome = "succeeded" | "failed" | "cancelled" | "suspended" | "defect"

/** How an executed step body ended. `failed` is an expected, journaled failure; `defect` will be retried by Restate. */
export type StepOutcome = "succeeded" | "failed" | "defect" | "interrupted"

export interface AttemptInfo {
  readonly service: string
  readonly handler: string
}

export interface StepInfo extends AttemptInfo {
  readonly step: string
}

/**
 * Receives what really happens, never what is replayed. Called synchronously from the driver, so an implementation
 * must only count: it may not block, throw or await.
 */
export interface Observer {
  readonly attemptStarted: (attempt: AttemptInfo) => void
  readonly attemptEnded: (attempt: AttemptInfo & { readonly outcome: AttemptOutcome; readonly seconds: number }) => void
  readonly stepStarted: (step: StepInfo) => void
  /** `error`, of a body that failed: the tag of its error, or the name of the class of a defect. Never its text. */
  readonly stepEnded: (
    step: StepInfo & { readonly outcome: StepOutcome; readonly seconds: number; readonly error?: string | undefined }
  ) => void
}

const ignore = () => {}

export const silentObserver: Observer = {
  attemptStarted: ignore,
  attemptEnded: ignore,
  stepStarted: ignore,
  stepEnded: ignore
}
