import { Context } from "effect"
import type { AdminAddress } from "./remediationCommand.ts"

/** Restate's admin API, for the commands shown to operators, and the deadline of each handler in milliseconds. */
export class InvocationWatchSettings extends Context.Tag("ctrl-worker/InvocationWatchSettings")<
  InvocationWatchSettings,
  AdminAddress & { readonly deadlines: ReadonlyMap<string, number> }
>() {}
