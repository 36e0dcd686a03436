import { CliConfig, Command, HelpDoc, Span } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect, Layer } from "effect"
import { cancelCommand, killCommand, resumeCommand, retryCommand } from "./actions.ts"
import { backupCheckCommand } from "./backupCheck.ts"
import { buildCommand } from "./build.ts"
import { checkCommand } from "./check.ts"
import { cronCommand } from "./cron.ts"
import { deployCommand } from "./deploy.ts"
import { certificateCommand, domainCommand } from "./domain.ts"
import { migrateCommand } from "./migrate.ts"
import { configArguments, name, program, version } from "./program.ts"
import { refillCommand } from "./refill.ts"
import { registerCommand } from "./register.ts"
import { serve, serveCommand } from "./serve.ts"
import { statusCommand } from "./status.ts"
import { colorIfTty } from "./terminal.ts"
import { versionsCommand } from "./versions.ts"

export const root = program.pipe(
  Command.withDescription("Without a command it serves."),
  Command.withHandler(({ config }) => serve(configArguments(config))),
  // In the order of the help.
  Command.withSubcommands([
    serveCommand,
    migrateCommand,
    checkCommand,
    statusCommand,
    deployCommand,
    buildCommand,
    domainCommand,
    certificateCommand,
    refillCommand,
    resumeCommand,
    retryCommand,
    cancelCommand,
    killCommand,
    registerCommand,
    versionsCommand,
    cronCommand,
    backupCheckCommand
  ])
)

const summary = Span.text("durable control plane worker on Restate")
const footer = HelpDoc.p(
  "Every command explains itself with --help. --version prints the version; --completions bash, zsh or fish prints a script for that shell."
)

// Built-in options are hidden: log levels are a setting, and the wizard is not supported.
const environment = Layer.merge(NodeContext.layer, CliConfig.layer({ showBuiltIns: false, isCaseSensitive: true }))

/** Runs the command of the process's arguments. Failures have been reported already. */
export const commandLine = (argv: ReadonlyArray<string>) =>
  Console.consoleWith((console) => {
    // Commands colour their own output.
    const command = Command.transformHandler(root, Effect.withConsole(console))
    const run = Command.run(command, { name, version, executable: name, summary, footer })
    return colorIfTty(run(argv)).pipe(Effect.provide(environment))
  })
