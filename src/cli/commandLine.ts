import { CliConfig, Command, HelpDoc, Span } from "@effect/cli"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect, Layer } from "effect"
import { checkCommand } from "./check.ts"
import { cronCommand } from "./cron.ts"
import { migrateCommand } from "./migrate.ts"
import { configArguments, name, program, version } from "./program.ts"
import { serve, serveCommand } from "./serve.ts"
import { statusCommand } from "./status.ts"
import { paintedWhereSeen } from "./terminal.ts"
import { versionsCommand } from "./versions.ts"

const root = program.pipe(
  Command.withDescription("Without a command it serves."),
  Command.withHandler(({ config }) => serve(configArguments(config))),
  // One line each, in the order in which they are shown.
  Command.withSubcommands([serveCommand, migrateCommand, checkCommand, statusCommand, versionsCommand, cronCommand])
)

const summary = Span.text("durable control plane worker on Restate")
const footer = HelpDoc.p(
  "Every command explains itself with --help. --version prints the version; --completions bash, zsh or fish prints a script for that shell."
)

// Built-in options are named in the footer: the levels of logs are a setting, and nobody needs a wizard.
const environment = Layer.merge(NodeContext.layer, CliConfig.layer({ showBuiltIns: false, isCaseSensitive: true }))

/** Runs what the arguments of the process ask for. A failure has been reported when it arrives. */
export const commandLine = (argv: ReadonlyArray<string>) =>
  Console.consoleWith((console) => {
    // What commands print is theirs to paint.
    const command = Command.transformHandler(root, Effect.withConsole(console))
    const run = Command.run(command, { name, version, executable: name, summary, footer })
    return paintedWhereSeen(run(argv)).pipe(Effect.provide(environment))
  })
