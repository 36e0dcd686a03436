import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly output: string
  /** What it wrote to standard error. */
  readonly errors: string
}

/** Runs the program with these arguments and with these settings, and no others, until it ends by itself. */
export const runCommand = (
  args: ReadonlyArray<string>,
  settings: Readonly<Record<string, string>> = {}
): Effect.Effect<Ended> =>
  Effect.async((resume) => {
    const command = spawn(process.execPath, [main, ...args], { env: settings, stdio: ["ignore", "pipe", "pipe"] })
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
