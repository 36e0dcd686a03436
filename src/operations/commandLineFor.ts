/** What an operator can do to an invocation. */
export type OperatorAction = "cancel" | "resume" | "kill" | "retry"

/** The command line of an action on an invocation or on another id that the command accepts. */
export const commandLineFor = (action: OperatorAction, id: string): string => `worker ${action} ${id}`
