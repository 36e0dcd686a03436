import { ConfigProvider, Effect } from "effect"
import { commandLine } from "../../../src/cli/commandLine.ts"

/** Runs the worker's program in this process, with this environment and no other. */
export const runInProcess = (environment: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const errors: Array<string> = []
    const failed = yield* Effect.consoleWith((console) =>
      Effect.withConsole(commandLine(["node", "main.js", ...args]), {
        ...console,
        log: (text) => Effect.sync(() => void printed.push(String(text))),
        error: (text) => Effect.sync(() => void errors.push(String(text)))
      })
    ).pipe(
      Effect.as(false),
      Effect.catchTag("CommandFailed", () => Effect.succeed(true)),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))
    )
    return { failed, printed, errors }
  })
