import { Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import packageJson from "../../package.json" with { type: "json" }

export const { name, version } = packageJson

/** Accepted before and after the name of a command. */
export const configFile = Options.file("config").pipe(
  Options.withPseudoName("file.toml"),
  Options.withDescription(
    "TOML file with settings; the environment wins over it. Without it: the file of UNKEY_CONFIG."
  ),
  Options.optional
)

/** What every command is a part of. */
export const program = Command.make(name, { config: configFile })

/** What the loader of the configuration is told. */
export const configArguments = (file: Option.Option<string>): ReadonlyArray<string> =>
  Option.match(file, { onNone: () => [], onSome: (path) => ["--config", path] })

/** The same inside of a command: its own option, else the one before its name. */
export const chosenConfig = (own: Option.Option<string>) =>
  Effect.map(program, ({ config }) => configArguments(Option.orElse(own, () => config)))
