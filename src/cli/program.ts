import { Command, Options } from "@effect/cli"
import { Effect, Option } from "effect"
import packageJson from "../../package.json" with { type: "json" }

export const { name, version } = packageJson

/** Options that are accepted before and after the command's name. */
export const configFile = Options.file("config").pipe(
  Options.withPseudoName("file.toml"),
  Options.withDescription(
    "TOML file with settings; the environment wins over it. Without it: the file of UNKEY_CONFIG."
  ),
  Options.optional
)

/** The root command. */
export const program = Command.make(name, { config: configFile })

/** Options of the configuration loader. */
export const configArguments = (file: Option.Option<string>): ReadonlyArray<string> =>
  Option.match(file, { onNone: () => [], onSome: (path) => ["--config", path] })

/** A command's own option, or the one before its name. */
export const chosenConfig = (own: Option.Option<string>) =>
  Effect.map(program, ({ config }) => configArguments(Option.orElse(own, () => config)))
