import { Command } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { ConfigProvider, Effect } from "effect"
import { buildCommand } from "../../../src/cli/build.ts"
import { deployCommand } from "../../../src/cli/deploy.ts"
import { certificateCommand, domainCommand } from "../../../src/cli/domain.ts"
import { program } from "../../../src/cli/program.ts"
import { refillCommand } from "../../../src/cli/refill.ts"
import { statusCommand } from "../../../src/cli/status.ts"

/** Runs a command of the worker in this process, with this environment and no other. */
export const runInProcess = (environment: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const errors: Array<string> = []
    const commands = Command.withSubcommands(program, [
      statusCommand,
      deployCommand,
      buildCommand,
      domainCommand,
      certificateCommand,
      refillCommand
    ])
    const run = Command.run(commands, { name: "test", version: "1" })
    const failed = yield* Effect.consoleWith((console) =>
      Effect.withConsole(run(["node", "main.js", ...args]), {
        ...console,
        log: (text) => Effect.sync(() => void printed.push(String(text))),
        error: (text) => Effect.sync(() => void errors.push(String(text)))
      })
    ).pipe(
      Effect.as(false),
      Effect.catchTag("CommandFailed", () => Effect.succeed(true)),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))),
      Effect.provide(NodeContext.layer)
    )
    return { failed, printed, errors }
  })
