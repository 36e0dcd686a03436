import { Context } from "effect"

/** What an operator decides about builds, the same for all of them. */
export class BuildSettings extends Context.Tag("ctrl-worker/BuildSettings")<
  BuildSettings,
  {
    /** How many builds of one workspace run at the same time. */
    readonly maxPerWorkspace: number
    /** Milliseconds after which a build that still runs is given up. */
    readonly deadline: number
    /** What images are built for, as in `linux/amd64`. */
    readonly platform: string
  }
>() {}
