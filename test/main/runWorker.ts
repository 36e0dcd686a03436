import { Effect, Schema } from "effect"
import { runCommand } from "../cli/runCommand.ts"

const Line = Schema.parseJson(
  Schema.Struct({ level: Schema.String, message: Schema.String, problem: Schema.optional(Schema.String) })
)

/** The lines of a worker's log. Fails if one is not JSON. */
export const logLines = (output: string) =>
  Schema.decodeUnknownSync(Schema.Array(Line))(output.split("\n").filter((line) => line !== ""))

/** How a worker ended by itself. */
export interface EndedWorker {
  readonly code: number | null
  /** What it wrote to standard error. */
  readonly errors: string
  /** Its lines of level error. */
  readonly fatal: ReadonlyArray<{ readonly message: string; readonly problem?: string | undefined }>
}

/** Runs the worker with these settings, and no others, until it ends by itself. */
export const runWorker = (settings: Readonly<Record<string, string>>): Effect.Effect<EndedWorker> =>
  Effect.map(runCommand([], settings), ({ code, errors, output }) => ({
    code,
    errors,
    fatal: logLines(output).flatMap(({ level, ...line }) => (level === "error" ? [line] : []))
  }))

/** How a worker ends that cannot start: one line says why. */
export const cannotRun = (problem: string): EndedWorker => ({
  code: 1,
  errors: "",
  fatal: [{ message: "The worker cannot run", problem }]
})
