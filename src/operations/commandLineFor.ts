import { Context } from "effect"

/** What an operator can do to an invocation. */
export const operatorActions = ["cancel", "resume", "kill", "retry"] as const
export type OperatorAction = (typeof operatorActions)[number]

/** How the commands of this program are started from where an operator reads about them. */
export interface CommandPlace {
  /** The program, with what starts it: `kubectl exec my-pod -- node dist/main.js`. */
  readonly program: string
  /** Options that the command needs to find the same Restate and settings. */
  readonly options: ReadonlyArray<string>
}

/** Where the commands that this process shows are run. */
export class CurrentCommandPlace extends Context.Reference<CurrentCommandPlace>()("ctrl-worker/CurrentCommandPlace", {
  defaultValue: (): CommandPlace => ({ program: "control-plane-worker", options: [] })
}) {}

/** An argument as a POSIX shell takes it literally. */
export const shellQuoted = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`

/** The shell command of an action on an invocation, or on another id that the command accepts. It holds no secret. */
export const commandLineFor = (action: OperatorAction, id: string, { options, program }: CommandPlace): string =>
  [program, action, ...[id, ...options].map(shellQuoted)].join(" ")
