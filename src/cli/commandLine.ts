import { CliConfig, Command, HelpDoc, Span } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect, HashMap, Layer } from "effect"
import { cancelCommand, killCommand, resumeCommand, retryCommand } from "./actions.ts"
import { backupCheckCommand } from "./backupCheck.ts"
import { buildCommand } from "./build.ts"
import { checkCommand } from "./check.ts"
import { cronCommand } from "./cron.ts"
import { deployCommand } from "./deploy.ts"
import { certificateCommand, domainCommand } from "./domain.ts"
import { readableHelp } from "./help.ts"
import { migrateCommand } from "./migrate.ts"
import { configArguments, name, program, version } from "./program.ts"
import { refillCommand } from "./refill.ts"
import { registerCommand } from "./register.ts"
import { reissueCommand } from "./reissue.ts"
import { serve, serveCommand } from "./serve.ts"
import { statusCommand } from "./status.ts"
import { colorIfTty } from "./terminal.ts"
import { refuseMisspelt } from "./unknownCommand.ts"
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
    reissueCommand,
    backupCheckCommand
  ])
)

const summary = Span.text("durable control plane worker on Restate")
const footer = HelpDoc.p(
  "Every command explains itself with --help. --version prints the version; --completions bash, zsh or fish prints a script for that shell."
)

// Built-in options are hidden: log levels are a setting, and the wizard is not supported.
const environment = Layer.merge(NodeContext.layer, CliConfig.layer({ showBuiltIns: false, isCaseSensitive: true }))

const isHelp = (args: ReadonlyArray<string>): boolean => args.includes("--help") || args.includes("-h")

/** Help goes to the console as text, after which nothing else does. */
const withReadableHelp = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(effect, { ...console, log: (text) => console.log(readableHelp(String(text), name)) })
  )

const commandNames = [...HashMap.keys(Command.getSubcommands(root))]

/** Runs the command of the process's arguments. Failures have been reported already. */
export const commandLine = (argv: ReadonlyArray<string>) =>
  Console.consoleWith((console) => {
    const args = argv.slice(2)
    // Commands colour their own output.
    const command = Command.transformHandler(root, Effect.withConsole(console))
    const run = Command.run(command, { name, version, executable: name, summary, footer })(argv)
    const shown = colorIfTty(isHelp(args) ? withReadableHelp(run) : run)
    return Effect.zipRight(refuseMisspelt(args, commandNames), shown).pipe(Effect.provide(environment))
  })
