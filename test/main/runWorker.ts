import { Effect } from "effect"
import { type Ended, runCommand } from "../cli/runCommand.ts"

/** Runs the worker with these settings, and no others, until it ends by itself. */
export const runWorker = (settings: Readonly<Record<string, string>>): Effect.Effect<Omit<Ended, "output">> =>
  Effect.map(runCommand([], settings), ({ code, errors }) => ({ code, errors }))
