import { format, stripVTControlCharacters } from "node:util"
import { ConfigProvider, Effect } from "effect"
import { commandLine } from "../../../src/cli/commandLine.ts"

/** Without colours, which a terminal of the tests would give it. */
const lineOf = (values: ReadonlyArray<unknown>) => `${stripVTControlCharacters(format(...values))}\n`

/**
 * Runs the whole command line in this process with these arguments, these settings and no others. What it writes and its exit
 * code are as of a process, which takes a second longer to load the program.
 */
export const runHere = (args: ReadonlyArray<string>, settings: Readonly<Record<string, string>> = {}) =>
  Effect.consoleWith((console) => {
    const written = { output: "", errors: "" }
    const log = (...values: ReadonlyArray<unknown>) => {
      written.output += lineOf(values)
    }
    const error = (...values: ReadonlyArray<unknown>) => {
      written.errors += lineOf(values)
    }
    return commandLine(["node", "main.js", ...args]).pipe(
      Effect.withConsole({
        ...console,
        log: (...values) => Effect.sync(() => log(...values)),
        error: (...values) => Effect.sync(() => error(...values)),
        // Loggers that write to the console use this.
        unsafe: { ...console.unsafe, log, error }
      }),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(settings)))),
      Effect.isSuccess,
      Effect.map((isSuccess) => ({ code: isSuccess ? 0 : 1, ...written }))
    )
  })
