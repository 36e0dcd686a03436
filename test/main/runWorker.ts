import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  /** What it wrote to standard error. */
  readonly errors: string
}

/** Runs the worker with these settings, and no others, until it ends by itself. */
export const runWorker = (settings: Readonly<Record<string, string>>): Effect.Effect<Ended> =>
  Effect.async((resume) => {
    const worker = spawn(process.execPath, [main], { env: settings, stdio: ["ignore", "ignore", "pipe"] })
    let errors = ""
    worker.stderr.on("data", (chunk) => {
      errors += chunk
    })
    worker.on("close", (code) => resume(Effect.succeed({ code, errors })))
    return Effect.sync(() => worker.kill("SIGKILL"))
  })
