import { Options } from "@effect/cli"
import { configFile } from "./program.ts"
import { adminUrl } from "./restateOptions.ts"

/** Options of every command that shows facts about one thing. */
export const factOptions = {
  json: Options.boolean("json").pipe(Options.withDescription("Prints one JSON object. Default: text.")),
  watch: Options.boolean("watch").pipe(
    Options.withDescription(
      "Reads again every 2 seconds until Ctrl-C. A terminal is redrawn; a file or a pipe gets the lines that change. Default: reads once."
    )
  ),
  adminUrl,
  config: configFile
}
