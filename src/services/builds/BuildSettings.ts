import { Context } from "effect"

/** Build settings that apply to all builds. */
export class BuildSettings extends Context.Tag("ctrl-worker/BuildSettings")<
  BuildSettings,
  {
    /** Concurrent builds per workspace. */
    readonly maxPerWorkspace: number
    /** Milliseconds after which a running build fails. */
    readonly deadline: number
    /** Target platform of images, such as `linux/amd64`. */
    readonly platform: string
  }
>() {}
