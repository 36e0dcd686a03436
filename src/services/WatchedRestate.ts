import { Context } from "effect"
import type { AdminAddress } from "./wayOut.ts"

/** Where Restate's admin API is, for the commands that a person is shown, and how long handlers may take, in milliseconds. */
export class WatchedRestate extends Context.Tag("ctrl-worker/WatchedRestate")<
  WatchedRestate,
  AdminAddress & { readonly deadlines: ReadonlyMap<string, number> }
>() {}
