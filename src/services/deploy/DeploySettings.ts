import { Context } from "effect"

/** Settings that apply to all deployments. */
export class DeploySettings extends Context.Tag("ctrl-worker/DeploySettings")<
  DeploySettings,
  {
    /** Parent domain of generated host names. */
    readonly apex: string
    /** Container image of sentinels. */
    readonly sentinelImage: string
    /** Regions of environments that configure none. If not empty, frontline must know every configured region. */
    readonly availableRegions: ReadonlyArray<string>
    /** A deploy fails once all instances of a region have been failed for this many milliseconds without a break. */
    readonly failureGrace: number
    /**
     * The registry that builds push to; null if there is none. Images go to one repository per project, per Depot project, or
     * for all projects.
     */
    readonly registry: {
      readonly url: string
      readonly imagesOf: "project" | "depot-project" | "all-projects"
    } | null
  }
>() {}
