import { Command } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { cancelCommand, killCommand, resumeCommand, retryCommand } from "../../src/cli/actions.ts"
import { Interactive } from "../../src/cli/confirm.ts"
import { program } from "../../src/cli/program.ts"

const command = Command.withSubcommands(program, [cancelCommand, killCommand, resumeCommand, retryCommand])

/** Runs an action without a terminal and without settings. Answers with its exit code and what it prints. */
export const runAction = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const run = Command.run(command, { name: "test", version: "1" })
    const print = (text: unknown) => Effect.sync(() => void printed.push(String(text)))
    const code = yield* Effect.consoleWith((console) =>
      Effect.withConsole(run(["node", "main.js", ...args]), { ...console, log: print, error: print })
    ).pipe(
      Effect.as(0),
      Effect.catchAll(() => Effect.succeed(1)),
      Effect.provideService(Interactive, false),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map())),
      Effect.provide(NodeContext.layer)
    )
    return { code, printed }
  })

/** Runs a command that the worker prints, as it is, without what starts the program. */
export const obey = (printed: unknown) =>
  Effect.gen(function* () {
    const [program, ...args] = String(printed).split(" ")
    assert.strictEqual(program, "control-plane-worker")
    assert.deepInclude(yield* runAction(...args), { code: 0 })
  })
