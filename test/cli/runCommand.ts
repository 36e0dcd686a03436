import { spawn } from "node:child_process"
import { Effect } from "effect"
import { workerProgram } from "../support/stack/workerProgram.ts"

export interface Ended {
  readonly code: number | null
  readonly output: string
  /** What it wrote to standard error. */
  readonly errors: string
}

const ended = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>): Effect.Effect<Ended> =>
  Effect.async((resume) => {
    const command = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    let errors = ""
    command.stdout.on("data", (chunk) => {
      output += chunk
    })
    command.stderr.on("data", (chunk) => {
      errors += chunk
    })
    command.on("close", (code) => resume(Effect.succeed({ code, output, errors })))
    return Effect.sync(() => command.kill("SIGKILL"))
  })

/** Runs the program with these arguments and with these settings of a worker, and no others, until it ends by itself. */
export const runCommand = (
  args: ReadonlyArray<string>,
  settings: Readonly<Record<string, string>> = {}
): Effect.Effect<Ended> =>
  Effect.flatMap(workerProgram, ({ env, file }) => ended([file, ...args], { ...settings, ...env }))
