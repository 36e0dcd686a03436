import { Context } from "effect"
import type { CommandPlace } from "./commandLineFor.ts"

/** How commands that are shown to operators start, and the deadline of each handler in milliseconds. */
export class InvocationWatchSettings extends Context.Tag("ctrl-worker/InvocationWatchSettings")<
  InvocationWatchSettings,
  { readonly place: CommandPlace; readonly deadlines: ReadonlyMap<string, number> }
>() {}
