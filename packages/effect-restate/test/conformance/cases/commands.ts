/** Commands of the VirtualObjectCommandInterpreter, as they are on the wire. */
export const createAwakeable = (awakeableKey: string) => ({ type: "createAwakeable", awakeableKey })
export const sleep = (timeoutMillis: number) => ({ type: "sleep", timeoutMillis })
export const runReturns = (value: string) => ({ type: "runReturns", value })
export const runThrows = (reason: string) => ({ type: "runThrowTerminalException", reason })
export const createSignal = (signalName: string) => ({ type: "createSignal", signalName })

export const awaitOne = (command: unknown) => ({ type: "awaitOne", command })

/** One command that awaits others. */
export const awaitSome = (
  type:
    | "awaitAny"
    | "awaitAnySuccessful"
    | "awaitFirstSucceededOrAllFailed"
    | "awaitFirstCompleted"
    | "awaitAllSucceededOrFirstFailed"
    | "awaitAllCompleted",
  ...commands: ReadonlyArray<unknown>
) => ({ type, commands })

export const interpret = (...commands: ReadonlyArray<unknown>) => ({ commands })
