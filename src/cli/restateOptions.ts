import { Options } from "@effect/cli"
import { Option } from "effect"

export const adminUrl = Options.text("admin-url").pipe(
  Options.withPseudoName("URL"),
  Options.withDescription("Address of Restate's admin API, instead of restate.admin_url."),
  Options.optional
)

const mostListed = 1000

/** How many invocations a command takes at most. */
export const limitOption = (description: string, usual: number) =>
  Options.integer("limit").pipe(
    Options.filterMap(
      (limit) => (limit >= 1 && limit <= mostListed ? Option.some(limit) : Option.none()),
      `--limit must be from 1 to ${mostListed}`
    ),
    Options.withDescription(`${description} From 1 to ${mostListed}. Default: ${usual}.`),
    Options.withDefault(usual)
  )
