import { Options } from "@effect/cli"

export const adminUrl = Options.text("admin-url").pipe(
  Options.withPseudoName("URL"),
  Options.withDescription("Address of Restate's admin API, instead of restate.admin_url."),
  Options.optional
)
