import { Console, Effect } from "effect"
import { closest } from "../text/closest.ts"
import { CommandFailed } from "./commandFailed.ts"

/** Options before the command that take a value. */
const withValue: ReadonlySet<string> = new Set(["--config", "--completions", "--log-level"])

/** The command that the arguments name: the first that is no option, and no value of one. */
export const commandOf = (args: ReadonlyArray<string>): string | undefined => {
  const index = args.findIndex((arg, at) => !arg.startsWith("-") && !withValue.has(args[at - 1] ?? ""))
  return args[index]
}

/** Refuses a misspelt command with the one that was probably meant. Any other mistake is left to the parser. */
export const refuseMisspelt = (args: ReadonlyArray<string>, known: ReadonlyArray<string>) => {
  const command = commandOf(args)
  const meant = command === undefined || known.includes(command) ? undefined : closest(command, known)
  if (meant === undefined) return Effect.void
  return Effect.zipRight(
    Console.error(`There is no command ${command}. Did you mean ${meant}? --help lists all commands.`),
    new CommandFailed()
  )
}
